import Foundation
import Postgres
import Records

/// Whom a reminder tells.
enum ReminderRecipient: Sendable, Hashable {
    case user(UUID)
    case contact(UUID)
    case email(String)
    /// Whoever looks after the record it is about, or after the reminder when it is about none.
    case owner
    /// The record it is about, which has an address itself.
    case itself

    static let most = 50

    static let schema: JSON = [
        "type": "array", "minItems": 1, "maxItems": JSON(most),
        "items": [
            "anyOf": [
                ["type": "string", "enum": ["owner", "self"]],
                ["type": "object", "required": ["user_id"], "additionalProperties": false, "properties": ["user_id": id]],
                ["type": "object", "required": ["contact_id"], "additionalProperties": false, "properties": ["contact_id": id]],
                [
                    "type": "object", "required": ["email"], "additionalProperties": false,
                    "properties": ["email": ["type": "string", "maxLength": 200]],
                ],
            ]
        ],
    ]
    private static let id: JSON = ["type": "string", "format": "uuid"]

    /// Types whose records have an address of their own.
    static let addressed: Set<String> = ["contacts", "leads"]

    /// Reads what `errors` found nothing wrong with; what is neither is left out.
    static func read(_ list: JSON) -> [ReminderRecipient] {
        (list.elements ?? []).compactMap { element in
            switch element.string {
            case "owner": return .owner
            case "self": return .itself
            default: break
            }
            if let id = element["user_id"]?.string.flatMap(UUID.init(text:)) { return .user(id) }
            if let id = element["contact_id"]?.string.flatMap(UUID.init(text:)) { return .contact(id) }
            return element["email"]?.string.map { .email($0.trimmed) }
        }
    }

    static func errors(_ list: JSON, of type: RecordType?) -> [Problem.FieldError] {
        guard let elements = list.elements else { return [.init("/recipients", .type, "This is a list, not \(list.kind).")] }
        guard !elements.isEmpty else { return [.init("/recipients", .required, "Somebody is to be told.")] }
        guard elements.count <= most else { return [.init("/recipients", .tooLong, "At most \(most) recipients.")] }
        return elements.enumerated().compactMap { index, element in error(element, of: type, at: "/recipients/\(index)") }
    }

    private static func error(_ element: JSON, of type: RecordType?, at place: String) -> Problem.FieldError? {
        if let word = element.string {
            guard word == "owner" || word == "self" else { return .init(place, .enum, "A word is `owner` or `self`.") }
            guard word == "owner" || addressed.contains(type?.name ?? "") else {
                return .init(place, .reference, "Only contacts and leads have an address themselves.")
            }
            return nil
        }
        guard let members = element.members else { return .init(place, .type, "This is an object or a word, not \(element.kind).") }
        guard members.count == 1, let member = members.first else {
            return .init(place, .required, "A recipient has one of user_id, contact_id and email.")
        }
        let pointer = "\(place)/\(member.name.pointerToken)"
        switch member.name {
        case "user_id", "contact_id":
            guard let text = member.value.string else { return .init(pointer, .type, "This is an id, not \(member.value.kind).") }
            return UUID(text: text) == nil ? .init(pointer, .reference, "There is no such record.") : nil
        case "email":
            guard let text = member.value.string else { return .init(pointer, .type, "This is a text, not \(member.value.kind).") }
            return text.utf8.count <= 200 && EmailAddress.isWellFormed(text.trimmed)
                ? nil : .init(pointer, .format, "This is an e-mail address such as ann@example.com.")
        default: return .init(pointer, .unknown, "A recipient has one of user_id, contact_id and email.")
        }
    }

    /// The statement of a merge by which reminders tell the winner instead of the losers: once, in the place of the first of them. However many
    /// the losers are, the reminders are read once.
    static func handingOver(from losers: [RecordType.Change], to winner: String) -> [SQL] {
        guard let change = losers.first, let reminders = change.catalog[Reminders.type.name] else { return [] }
        let ids = losers.map { $0.id.lowercased() }
        let isLoser: SQL = "lower(told.one ->> 'contact_id') = ANY (\(ids)::text[])"
        let handedOver: SQL = """
            recipients = (
                SELECT jsonb_agg(list.one ORDER BY list.place) FROM (
                    SELECT given.one, min(given.place) AS place FROM (
                        SELECT CASE WHEN \(isLoser) THEN jsonb_build_object('contact_id', \(winner)::text) ELSE told.one END AS one, told.place
                        FROM jsonb_array_elements(r.recipients) WITH ORDINALITY AS told (one, place)) AS given
                    GROUP BY given.one) AS list)
            """
        let isTold: SQL = "EXISTS (SELECT FROM jsonb_array_elements(r.recipients) AS told (one) WHERE \(isLoser))"
        return [change.cascade(reminders, set: handedOver, where: isTold)]
    }

    private static let missing = "reminders_recipient"

    /// Ends the unit where a recipient is not there for the caller.
    static func guards(_ list: JSON, for caller: Caller, in catalog: Catalog) -> [SQL] {
        read(list).enumerated().compactMap { index, recipient in
            let (name, id): (String, UUID)
            switch recipient {
            case .user(let user): (name, id) = ("users", user)
            case .contact(let contact): (name, id) = ("contacts", contact)
            default: return nil
            }
            guard let type = catalog[name] else { return nil }
            let constraint = "\(missing):\(index):\(name == "users" ? "user_id" : "contact_id")"
            return "SELECT cell.refuse('TN002', \(constraint)) WHERE NOT EXISTS (SELECT FROM "
                + SQL(code: "\(type.table) AS known WHERE known.id = ") + "\(id)::uuid AND known.deleted_at IS NULL AND "
                + caller.readable(type, "known") + ")"
        }
    }

    /// What such a refusal means.
    @Sendable static func refusal(_ constraint: String) -> Problem? {
        let parts = constraint.split(separator: ":")
        guard parts.count == 3, parts[0] == missing else { return nil }
        return .invalid([.init("/recipients/\(parts[1])/\(parts[2])", .reference, "There is no such record.")])
    }
}
