/// What a summary is asked for, checked: which records, by what they are told apart, and what is added up.
package struct SummaryRequest: Sendable {
    /// Which records: `where` and `q` of a search.
    let list: ListRequest
    let groups: [FieldDefinition]
    /// The date or moment by whose month they are told apart too.
    let month: FieldDefinition?
    /// The money that is added up, by currency.
    let sum: FieldDefinition?

    package static let maximumGroups = 3

    /// Reads the body. Whatever is wrong is `invalid`, with pointers.
    package init(body: JSON, of type: RecordType, in catalog: Catalog, for caller: Caller) throws(Problem) {
        var errors: [Problem.FieldError] = []
        var search: [JSON.Member] = []
        var groups: [FieldDefinition] = []
        var month: FieldDefinition?
        var sum: FieldDefinition?
        for member in body.members ?? [] {
            do throws(Refused) {
                switch member.name {
                case "where", "q": search.append(member)
                case "group": groups = try Self.groups(member.value, type, caller)
                case "month":
                    month = try Self.field(member.value, at: "/month", type, caller, as: "a date or a moment", where: \.isDay)
                case "sum":
                    sum = try Self.field(member.value, at: "/sum", type, caller, as: "an amount of money", where: \.isMoney)
                default:
                    throw refused("/\(member.name.pointerToken)", .unknown, "A summary knows where, q, group, month and sum.")
                }
            } catch {
                errors += error.errors
            }
        }
        do throws(Problem) {
            list = try ListRequest(body: .object(search), of: type, in: catalog, for: caller)
        } catch {
            throw error.errors.isEmpty ? error : .invalid(error.errors + errors)
        }
        guard errors.isEmpty else { throw .invalid(errors) }
        (self.groups, self.month, self.sum) = (groups, month, sum)
    }

    private static func groups(_ list: JSON, _ type: RecordType, _ caller: Caller) throws(Refused) -> [FieldDefinition] {
        guard let elements = list.elements else { throw refused("/group", .type, "This is a list of fields, not \(list.kind).") }
        guard elements.count <= maximumGroups else { throw refused("/group", .range, "At most \(maximumGroups) fields.") }
        var groups: [FieldDefinition] = []
        for (index, element) in elements.enumerated() {
            let pointer = "/group/\(index)"
            let group = try field(element, at: pointer, type, caller, as: "a choice, a text, a flag or a reference", where: \.tellsApart)
            guard !groups.contains(group) else { throw refused(pointer, .duplicate, "The field \(group.path) stands twice.") }
            groups.append(group)
        }
        return groups
    }

    private static func field(
        _ value: JSON, at pointer: String, _ type: RecordType, _ caller: Caller, as what: String, where fits: (FieldKind) -> Bool
    ) throws(Refused) -> FieldDefinition {
        guard let name = value.string else { throw refused(pointer, .type, "This is a field's name, not \(value.kind).") }
        guard let field = type.field(name), !field.isWriteOnly, !caller.rights.isHidden(name, of: type.name), fits(field.kind) else {
            throw refused(pointer, .unknown, "A \(type.singular) has no field \(name.prefix(100)) that is \(what).")
        }
        return field
    }
}

extension FieldKind {
    /// Whether few records differ in it, as a rule.
    fileprivate var tellsApart: Bool {
        switch self {
        case .choice, .text, .flag, .reference, .currency, .language, .timeZone: true
        default: false
        }
    }

    fileprivate var isDay: Bool {
        switch self {
        case .date, .time, .localTime: true
        default: false
        }
    }

    fileprivate var isMoney: Bool { if case .money = self { true } else { false } }
}
