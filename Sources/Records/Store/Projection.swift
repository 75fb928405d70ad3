import Postgres

/// Which members of a record an answer shows, and how they are fetched.
struct Projection: Sendable {
    private let type: RecordType
    private let fields: [FieldDefinition]
    private let writers: [FieldWriter]
    private let includes: [Include]
    /// Whether nothing that the type shows is left out.
    private let isWhole: Bool
    /// Tells which records can only be read.
    private let overflow: SQL?

    /// A record or list that is answered inside another.
    struct Include: Sendable {
        let name: String
        /// A scalar expression of type json over the record `r`.
        let json: SQL
    }

    /// Everything the caller may see, or only the fields named (and the id, without which a record is nobody); of the tenant's own fields
    /// those named `custom.<name>`.
    init(_ type: RecordType, for caller: Caller, only names: [String]? = nil, includes: [Include] = [], overflow: SQL? = nil) {
        self.type = type
        self.includes = includes
        self.overflow = overflow
        let visible = type.visibleFields(for: caller)
        fields = names.map { names in visible.compactMap { $0.narrowed(to: names) } } ?? visible
        isWhole = names == nil && !caller.rights.hidesFields(of: type.name)
        writers = isWhole ? type.writers : fields.map(FieldWriter.init)
    }

    /// The select list: id and version first, then what `encode` reads.
    func columns(_ r: String = "r") -> SQL {
        var list = SQL(code: isWhole && r == "r" ? type.selection : Self.columns(of: fields, r))
        for include in includes { list += ", " + include.json }
        if let overflow { list += ", " + overflow }
        return list
    }

    static func columns(of fields: [FieldDefinition], _ r: String) -> String {
        (["\(r).id", "\(r).version"] + fields.flatMap { $0.selection(r) }).joined(separator: ", ")
    }

    /// How many columns `columns` selects.
    var width: Int { writers.reduce(2 + includes.count + (overflow == nil ? 0 : 1)) { $0 + $1.width } }

    /// The record in a row selected by `columns`, as JSON.
    func encode(_ row: Row, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "{"))
        var column = FieldWriter.write(writers, row, from: 2, into: &bytes)
        for include in includes {
            bytes.append(contentsOf: ",\"\(include.name)\":".utf8)
            if row.isNull(column) {
                bytes.append(contentsOf: "null".utf8)
            } else {
                row.withBytes(column) { bytes.append(contentsOf: $0) }
            }
            column += 1
        }
        if overflow != nil, row.optionalText(column) == "t" { bytes.append(contentsOf: ",\"\(Overflow.member)\":true".utf8) }
        bytes.append(UInt8(ascii: "}"))
    }

    /// The record `r` as an expression of type json. The row has a name that no field can have: it would be taken for the row.
    func json(_ r: String = "r") -> SQL {
        var list = SQL(code: fields.map { "\($0.json(r)) AS \($0.name)" }.joined(separator: ", "))
        for include in includes { list += ", " + include.json + SQL(code: " AS \(include.name)") }
        func document(_ list: SQL) -> SQL { "(SELECT row_to_json(\"the record\") FROM (SELECT " + list + ") AS \"the record\")" }
        guard let overflow else { return document(list) }
        return "CASE WHEN " + overflow + " THEN " + document(list + SQL(code: ", true AS \(Overflow.member)")) + " ELSE " + document(list)
            + " END"
    }
}

extension FieldDefinition {
    /// The field as far as it is named; nil when it is not.
    func narrowed(to names: [String]) -> FieldDefinition? {
        if names.contains(name) || name == "id" { return self }
        guard case .custom(let fields) = kind else { return nil }
        let named = fields.filter { names.contains($0.path) }
        return named.isEmpty ? nil : CommonFields.custom(named)
    }
}

extension RecordType {
    /// What the change log compares: everything a person can write.
    package var loggedFields: [FieldDefinition] {
        ownFields.filter { !$0.isWriteOnly && !$0.isDerived } + [CommonFields.owner, CommonFields.tags] + customFields
    }

    /// The state of the record `r` as the change log compares it, as jsonb.
    package func loggedJSON(_ r: String) -> String {
        let list = loggedFields.map { "\($0.json(r)) AS \"\($0.path)\"" }.joined(separator: ", ")
        return "(SELECT to_jsonb(\"the record\") FROM (SELECT \(list)) AS \"the record\")"
    }
}
