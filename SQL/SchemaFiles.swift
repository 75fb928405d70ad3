/// All migrations of one binary, by scope and in the order of their numbers.
package struct SchemaFiles: Sendable {
    package let control: [SchemaFile]
    package let cell: [SchemaFile]
    package let tenant: [SchemaFile]

    package init(_ files: [SchemaFile]) {
        func ordered(_ scope: String) -> [SchemaFile] {
            files.filter { $0.scope == scope }.sorted { $0.number < $1.number }
        }
        control = ordered("control")
        cell = ordered("cell")
        tenant = ordered("tenant")
    }

    /// What this binary carries.
    package static let embedded = SchemaFiles(embeddedSchemaFiles)

    /// The same with more files: tests show with it what a later release does.
    package func adding(_ files: [SchemaFile]) -> SchemaFiles {
        SchemaFiles(control + cell + tenant + files)
    }
}

extension [SchemaFile] {
    /// The version a schema has when every one of these has run.
    package var latest: Int { last?.number ?? 0 }
}
