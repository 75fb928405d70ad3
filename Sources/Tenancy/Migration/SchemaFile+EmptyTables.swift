import Schema

extension SchemaFile {
    /// The file for a schema nobody uses yet: what would be built beside running work is simply built, within the transaction.
    var textForEmptyTables: String {
        guard runsOutsideTransaction else { return text }
        return SQLStatement.all(in: text)
            .map { $0.text.replacing(/(?i)\bconcurrently\b\s*/, with: "") }
            .joined(separator: ";\n")
    }
}
