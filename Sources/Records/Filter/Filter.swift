/// A condition over records: the `where` tree of API.md, checked against a type and ready to become SQL.
package indirect enum Filter: Sendable, Hashable {
    case all([Filter])
    case any([Filter])
    case not(Filter)
    case leaf(Comparison)

    package struct Comparison: Sendable, Hashable {
        package let path: FieldPath
        package let operation: Operation
        package let operand: Operand
    }

    package enum Operation: String, Sendable, Hashable, CaseIterable {
        case eq, ne, `in`, nin, like, ilike, starts, contains, lt, lte, gt, gte, between, isNull = "is_null"
    }

    package enum Operand: Sendable, Hashable {
        case value(Value)
        case values([Value])
        /// For `is_null`.
        case flag(Bool)
    }

    package enum Value: Sendable, Hashable {
        case text(String)
        /// Now (today in the tenant's zone, for dates) plus so much.
        case relative(RelativeTime)
    }

    package struct RelativeTime: Sendable, Hashable {
        package enum Unit: String, Sendable, Hashable, CaseIterable { case hours, days, weeks, months }

        package let unit: Unit
        package let count: Int
    }
}

/// Where a compared value stands: in a field of the record, in a part of it, or one step along a reference.
package struct FieldPath: Sendable, Hashable {
    /// The reference followed first, if any.
    package let step: FieldDefinition?
    package let field: FieldDefinition
    /// The column compared.
    package let column: String
    /// How the column compares; differs from the field's kind for parts of an address.
    package let kind: FieldKind
}

/// Why a condition is refused, told by who asks: in a query 400, in a body 422 with pointers.
struct FilterRefused: Error {
    var errors: [Problem.FieldError]
}

extension FieldPath {
    /// Finds `name`, `address.city` or `company.name`; nil when the caller knows no such field.
    static func find(_ name: String, in type: RecordType, of catalog: Catalog, for caller: Caller) -> FieldPath? {
        func visible(_ name: String, in type: RecordType) -> FieldDefinition? {
            guard let field = type.field(name), !field.isWriteOnly, !caller.rights.isHidden(name, of: type.name) else { return nil }
            return field
        }
        func whole(_ field: FieldDefinition, step: FieldDefinition?) -> FieldPath? {
            switch field.kind {
            case .address, .custom, .document, .secret, .computed: nil
            case .actor, .record: FieldPath(step: step, field: field, column: "\(field.column)_id", kind: .identifier)
            case .money: FieldPath(step: step, field: field, column: field.column, kind: .decimal)
            case .localTime: FieldPath(step: step, field: field, column: "\(field.column)_at", kind: .time)
            default: FieldPath(step: step, field: field, column: field.column, kind: field.kind)
            }
        }
        if let field = visible(name, in: type) { return whole(field, step: nil) }
        let parts = name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { return nil }
        if let field = visible(parts[0], in: type) {
            switch field.kind {
            case .address where Address.parts.contains { $0.name == parts[1] }:
                return FieldPath(step: nil, field: field, column: "\(field.column)_\(parts[1])", kind: .text(max: 500))
            case .money where parts[1] == "currency":
                return FieldPath(step: nil, field: field, column: field.columns[1], kind: .currency)
            case .actor where parts[1] == "id", .record where parts[1] == "id":
                return FieldPath(step: nil, field: field, column: "\(field.column)_id", kind: .identifier)
            case .record where parts[1] == "type":
                return FieldPath(step: nil, field: field, column: "\(field.column)_type", kind: .text(max: 500))
            case .actor where parts[1] == "type":
                return FieldPath(
                    step: nil, field: field, column: "\(field.name)_type", kind: .choice(Actor.Kind.allCases.map(\.rawValue)))
            default: return nil
            }
        }
        guard let step = (type.fields + type.customFields).first(where: { $0.includeName == parts[0] }),
            visible(step.path, in: type) != nil,
            let target = step.target.flatMap({ catalog[$0] }), caller.rights[target.name].read != .none,
            let field = visible(parts[1], in: target)
        else { return nil }
        return whole(field, step: step)
    }
}
