import Foundation

/// The body of a merge after every check that needs no database: which records go, and whose value each named field takes.
struct MergeOrder: Sendable, Hashable {
    let winner: String
    /// In the order of the body: the first that has a value gives it.
    let losers: [String]
    /// By the path of the field: the record that gives its value.
    private(set) var choices: [String: String] = [:]
    /// Whether only the answer is wanted.
    let isRehearsal: Bool

    private static let most = 50

    /// Every error of the body is reported at once, each with its pointer.
    init(_ body: JSON, into winner: String, of type: RecordType, by caller: Caller) throws(Problem) {
        guard let members = body.members else { throw Problem(.malformed, "The body is a JSON object, not \(body.kind).") }
        var errors = members.filter { !["from", "choose", "dry_run"].contains($0.name) }.map {
            Problem.FieldError("/\($0.name.pointerToken)", .unknown, "A merge takes from, choose and dry_run.")
        }
        self.winner = winner
        losers = Self.losers(body["from"], into: winner, of: type, &errors)
        isRehearsal = body["dry_run"]?.bool ?? false
        if let given = body["dry_run"], given.bool == nil {
            errors.append(.init("/dry_run", .type, "This is true or false, not \(given.kind)."))
        }
        if let choose = body["choose"] { readChoices(choose, of: type, by: caller, &errors) }
        guard errors.isEmpty else { throw .invalid(errors) }
    }

    private static func losers(_ from: JSON?, into winner: String, of type: RecordType, _ errors: inout [Problem.FieldError]) -> [String] {
        guard let from else {
            errors.append(.init("/from", .required, "A merge names the records that are to be merged into this one."))
            return []
        }
        guard let elements = from.elements else {
            errors.append(.init("/from", .type, "This is a list of ids, not \(from.kind)."))
            return []
        }
        guard !elements.isEmpty else {
            errors.append(.init("/from", .required, "A merge names at least one record."))
            return []
        }
        guard elements.count <= most else {
            errors.append(.init("/from", .tooLong, "At most \(most) records at once."))
            return []
        }
        var ids: [String] = []
        for (index, element) in elements.enumerated() {
            let place = "/from/\(index)"
            guard let id = identifier(element, of: type, at: place, &errors) else { continue }
            if id == winner {
                errors.append(.init(place, .reference, "A \(type.singular) cannot be merged into itself."))
            } else if ids.contains(id) {
                errors.append(.init(place, .duplicate, "This id stands here already."))
            } else {
                ids.append(id)
            }
        }
        return ids
    }

    private mutating func readChoices(_ choose: JSON, of type: RecordType, by caller: Caller, _ errors: inout [Problem.FieldError]) {
        guard let members = choose.members else {
            return errors.append(.init("/choose", .type, "This is an object of field names and ids, not \(choose.kind)."))
        }
        for member in members {
            let place = "/choose/\(member.name.pointerToken)"
            guard let field = type.field(member.name), field.kind.isOneValue, !caller.rights.isHidden(field.path, of: type.name) else {
                errors.append(.init(place, .unknown, "A \(type.singular) has no field of this name; own ones are named custom.<name>."))
                continue
            }
            guard !field.isReadOnly, !field.isWriteOnly else {
                errors.append(.init(place, .readOnly, "This is set by the service."))
                continue
            }
            guard !caller.rights.isReadOnly(field.path, of: type.name) else {
                errors.append(.init(place, .readOnly, "Your role may read this field but not write it."))
                continue
            }
            guard let id = Self.identifier(member.value, of: type, at: place, &errors) else { continue }
            guard id == winner || losers.contains(id) else {
                errors.append(.init(place, .reference, "Choose the record itself or one of those in from."))
                continue
            }
            choices[field.path] = id
        }
    }

    private static func identifier(_ value: JSON, of type: RecordType, at place: String, _ errors: inout [Problem.FieldError]) -> String? {
        do throws(Refused) {
            if let id = try FieldKind.reference(to: type.name).read(value, at: place).shown.string { return id }
            errors.append(.init(place, .type, "This is an id, not \(value.kind)."))
        } catch {
            errors += error.errors
        }
        return nil
    }
}

extension FieldKind {
    /// Whether it is a field by itself, rather than all of a tenant's own.
    fileprivate var isOneValue: Bool {
        if case .custom = self { false } else { true }
    }
}
