/// One numbered migration as it stands in `SQL/<scope>/<number>-<name>.sql`.
package struct SchemaFile: Sendable, Hashable {
    /// `control`, `cell` or `tenant`: which kind of schema the file builds.
    package let scope: String
    /// `0001-start`: the number orders the files, the words say what the file does.
    package let name: String
    package let text: String

    package init(scope: String, name: String, text: String) {
        self.scope = scope
        self.name = name
        self.text = text
    }

    /// The four digits in front; 0 for a file that has none, which a test refuses.
    package var number: Int { Int(name.prefix(4)) ?? 0 }

    /// Whether its statements must run one by one and on their own, such as `CREATE INDEX CONCURRENTLY`: its first line says so and why.
    package var runsOutsideTransaction: Bool { text.hasPrefix("-- outside a transaction: ") }
}
