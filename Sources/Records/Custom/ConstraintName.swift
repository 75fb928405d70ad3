/// How a constraint is called, so that a refusal of the database tells which field it is about.
enum ConstraintName {
    /// PostgreSQL cuts longer names.
    private static let longest = 63

    /// `contacts_email_unique`; a name too long for PostgreSQL keeps its beginning and its end, with a digest between them.
    static func of(_ table: String, _ column: String, _ suffix: String) -> String {
        let name = "\(table)_\(column)_\(suffix)"
        guard name.utf8.count > longest else { return name }
        // FNV-1a: the same in every process.
        let digest = name.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        let end = "_\(String(digest, radix: 36))_\(suffix)"
        return String(name.prefix(longest - end.utf8.count)) + end
    }
}

extension FieldDefinition {
    /// The name of the field's constraint in a type's table: `unique` or `reference`.
    func constraint(of table: String, _ suffix: String) -> String { ConstraintName.of(table, column, suffix) }
}
