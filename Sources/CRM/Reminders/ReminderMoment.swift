import Foundation
import Records
import Recurrence

/// When a reminder is due: at a time on the wall of a place, or so many minutes after a date or time of a record.
enum ReminderMoment: Sendable, Hashable {
    case local(CivilMoment, zone: String)
    /// `offset` in minutes; nil: the tenant's `reminder_defaults.offset_minutes`.
    case field(String, offset: Int?)

    static let offsets = -5_256_000...5_256_000

    static let schema: JSON = [
        "type": "object", "additionalProperties": false,
        "properties": .object(ownSchema + WorkWait.schema),
    ]

    private static let ownSchema: [JSON.Member] =
        [
            .init("local", ["type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$"]),
            .init("time_zone", ["type": "string", "description": "IANA."]),
            .init(
                "field",
                ["type": "string", "description": "A date or time field of what it is about: `birthday`, `custom.contract_end`."]),
            .init(
                "offset_minutes",
                [
                    "type": "integer", "minimum": JSON(offsets.lowerBound), "maximum": JSON(offsets.upperBound),
                    "description":
                        "Negative: before. Whole days are counted on the calendar. `reminder_defaults.offset_minutes` without it.",
                ]),
        ]

    /// Reads what `errors` found nothing wrong with; nil for anything else.
    init?(_ document: JSON) {
        if let name = document["field"]?.string {
            self = .field(name, offset: document["offset_minutes"]?.integer)
        } else if let local = document["local"]?.string, let zone = document["time_zone"]?.string,
            let moment = CivilMoment(minute: local), TimeZoneName.isKnown(zone)
        {
            self = .local(moment, zone: zone)
        } else {
            return nil
        }
    }

    /// What is wrong with a body's value, for a reminder about records of a type.
    static func errors(_ document: JSON, of type: RecordType?, for caller: Caller?, at place: String) -> [Problem.FieldError] {
        guard let members = document.members else { return [.init(place, .type, "This is an object, not \(document.kind).")] }
        let known = ["local", "time_zone", "field", "offset_minutes"] + WorkWait.names
        if let other = members.first(where: { !known.contains($0.name) }) {
            return [.init("\(place)/\(other.name.pointerToken)", .unknown, "This has local and time_zone, or field and offset_minutes.")]
        }
        for name in WorkWait.names {
            guard let flag = document[name], flag.bool == nil else { continue }
            return [.init("\(place)/\(name)", .type, "This is true or false, not \(flag.kind).")]
        }
        func value(_ name: String) -> JSON? { document[name].flatMap { $0.isNull ? nil : $0 } }
        guard let field = value("field") else { return localErrors(value("local"), value("time_zone"), value("offset_minutes"), place) }
        if value("local") != nil || value("time_zone") != nil {
            return [.init("\(place)/local", .unknown, "With a field there is no local time.")]
        }
        var errors: [Problem.FieldError] = []
        if let offset = value("offset_minutes"), offset.integer.map(offsets.contains) != true {
            let isNumber = offset.integer != nil
            errors.append(
                .init(
                    "\(place)/offset_minutes", isNumber ? .range : .type,
                    "This is a whole number from \(offsets.lowerBound) to \(offsets.upperBound)."))
        }
        guard let name = field.string else { return errors + [.init("\(place)/field", .type, "This is a text, not \(field.kind).")] }
        // Where the reminder itself is judged by its `about`, that is what has to change.
        let pointer = place == "/about" ? place : "\(place)/field"
        guard let type else { return errors + [.init(pointer, .reference, "A field is one of the type that the reminder is about.")] }
        guard let definition = type.field(name), caller?.rights.isHidden(definition.path, of: type.name) != true,
            definition.isReminded
        else {
            return errors + [.init(pointer, .reference, "A \(type.singular) has no date or time field `\(name.prefix(80))`.")]
        }
        return errors
    }

    private static func localErrors(_ local: JSON?, _ zone: JSON?, _ offset: JSON?, _ place: String) -> [Problem.FieldError] {
        var errors: [Problem.FieldError] = []
        if offset != nil { errors.append(.init("\(place)/offset_minutes", .unknown, "Minutes are counted from a field.")) }
        guard let local else { return errors + [.init("\(place)/local", .required, "This has a local time or a field.")] }
        guard let zone else { return errors + [.init("\(place)/time_zone", .required, "A local time has a time zone.")] }
        guard let name = zone.string, TimeZoneName.isKnown(name) else {
            return errors + [
                .init(
                    "\(place)/time_zone", zone.string == nil ? .type : .format,
                    "This is a time zone's name as IANA writes it, such as Europe/Berlin.")
            ]
        }
        guard let text = local.string, LocalTime(local: text, zone: name) != nil else {
            return errors + [
                .init(
                    "\(place)/local", local.string == nil ? .type : .format, "This is a date and time that exist, as 2026-11-30T09:00.")
            ]
        }
        return errors
    }
}

extension FieldDefinition {
    /// Whether reminders can count from it.
    var isReminded: Bool {
        switch kind {
        case .date, .time, .localTime: true
        default: false
        }
    }
}

/// The text of a recurrence rule in a body.
enum RuleText {
    static func errors(_ text: String, at place: String = "/rrule") -> [Problem.FieldError] {
        do throws(Unreadable) {
            _ = try RecurrenceRule(text)
            return []
        } catch {
            return [.init(place, .format, "At character \(error.position): \(error.message)")]
        }
    }
}

/// A list of times on the wall.
enum LocalTimes {
    static let most = 1_000
    static let schema: JSON = [
        "type": "array", "maxItems": JSON(most),
        "items": ["type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$"],
    ]

    static func read(_ list: JSON?) -> Set<CivilMoment> {
        Set((list?.elements ?? []).compactMap { $0.string.flatMap { CivilMoment(minute: $0) } })
    }

    static func errors(_ list: JSON, at place: String) -> [Problem.FieldError] {
        guard let elements = list.elements else { return [.init(place, .type, "This is a list of local times, not \(list.kind).")] }
        guard elements.count <= most else { return [.init(place, .tooLong, "At most \(most) local times.")] }
        return elements.enumerated().compactMap { index, element in
            guard let text = element.string else {
                return .init("\(place)/\(index)", .type, "This is a text, not \(element.kind).")
            }
            return CivilMoment(minute: text) == nil
                ? .init("\(place)/\(index)", .format, "This is a date and time that exist, as 2026-11-30T09:00.") : nil
        }
    }
}

extension ReminderMoment {
    /// What is wrong with a local time that counts from no record.
    static func localErrors(in document: JSON) -> [Problem.FieldError] {
        errors(document, of: nil, for: nil, at: "/when")
    }
}
