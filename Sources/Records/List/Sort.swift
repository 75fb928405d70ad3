import Postgres

/// In which order a list comes: keys one after another, missing values last, ties by id in the direction of the last key.
package struct Sort: Sendable, Hashable {
    struct Key: Sendable, Hashable {
        let field: FieldDefinition
        let isDescending: Bool
    }

    let keys: [Key]

    static let newestFirst = Sort(keys: [Key(field: CommonFields.createdAt, isDescending: true)])
    /// Of a record's changes: ids made in the same millisecond by different hands have no order, versions always have.
    static let byVersion = Sort(keys: [Key(field: CommonFields.version, isDescending: true)])
    static let maximumKeys = 16

    /// Reads `-amount,name`; says in a sentence what is wrong with it.
    init(_ text: String, in type: RecordType, for caller: Caller) throws(Refused) {
        var keys: [Key] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            let isDescending = word.hasPrefix("-")
            let name = String(isDescending ? word.dropFirst() : word)
            guard let field = type.field(name), field.ordering != nil, !caller.rights.isHidden(name, of: type.name) else {
                throw refused("/sort", .unknown, "A \(type.singular) has no field \(name.prefix(100)) to sort by.")
            }
            guard !keys.contains(where: { $0.field.path == name }) else {
                throw refused("/sort", .duplicate, "The field \(name) stands twice in the order.")
            }
            keys.append(Key(field: field, isDescending: isDescending))
        }
        guard keys.count <= Self.maximumKeys else { throw refused("/sort", .range, "At most \(Self.maximumKeys) fields to sort by.") }
        self.keys = keys
    }

    private init(keys: [Key]) {
        self.keys = keys
    }

    var isIDDescending: Bool { keys.last?.isDescending ?? false }

    /// What follows ORDER BY: missing values last, ties by id.
    func clause(_ r: String = "r") -> String {
        let list = keys.map { "\($0.expression(r)) \($0.direction)\($0.isNullable ? " NULLS LAST" : "")" }
        let hasID = keys.contains { $0.field.name == "id" }
        return (list + (hasID ? [] : ["\(r).id \(isIDDescending ? "DESC" : "ASC")"])).joined(separator: ", ")
    }

    /// The order as text, the same for the same order.
    var text: String { keys.map { ($0.isDescending ? "-" : "") + $0.field.path }.joined(separator: ",") }
}

extension Sort.Key {
    /// What is compared, `r` being the record.
    func expression(_ r: String) -> String {
        kind.isText ? "\(r).\(column) COLLATE \"und-x-icu\"" : "\(r).\(column)"
    }

    /// The value as text that `typed` reads again without loss.
    func cursorText(_ r: String) -> String { "\(r).\(column)::text" }

    /// What is compared may be a part of the field: the amount of money, the instant of a local time.
    private var column: String { field.ordering?.column ?? field.column }
    var kind: FieldKind { field.ordering?.kind ?? field.kind }

    func typed(_ text: String) -> SQL {
        switch kind {
        case .integer: "\(text)::bigint"
        case .decimal: "\(text)::numeric"
        case .date: "\(text)::date"
        case .time: "\(text)::timestamptz"
        case .flag: "\(text)::boolean"
        case .reference, .identifier: "\(text)::uuid"
        default: "\(text)::text"
        }
    }

    var isNullable: Bool { !field.isRequired && !field.isFilled && field.kind != .flag }

    var direction: String { isDescending ? "DESC" : "ASC" }
}

extension FieldKind {
    /// One value that has an order.
    var isScalar: Bool {
        switch self {
        case .references, .tags, .choices, .integers, .address, .actor, .record, .localTime, .money, .document, .secret, .computed,
            .custom:
            false
        default: true
        }
    }

    var isText: Bool {
        switch self {
        case .choice, .currency: true
        default: isCollated
        }
    }
}
