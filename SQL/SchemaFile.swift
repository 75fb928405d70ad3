/// One numbered migration as it stands in `SQL/<scope>/<number>-<name>.sql`.
package struct SchemaFile: Sendable {
    /// `control`, `cell` or `tenant`: which kind of schema the file builds.
    package let scope: String
    /// `0001-start`: the number orders the files, the words say what the file does.
    package let name: String
    package let text: String
}
