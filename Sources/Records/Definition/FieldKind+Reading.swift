import Foundation
import Postgres
import Recurrence

extension FieldKind {
    /// Checks a value of a body and gives what its columns will hold; `.null` unsets every column.
    ///
    /// Text is trimmed, and nothing left counts as null (API.md, "Values").
    func read(_ value: JSON, at pointer: String) throws(Refused) -> Reading {
        if case .address = self { return try Address.read(value, at: pointer) }
        if value.isNull {
            switch self {
            case .flag: return Reading([false.sqlValue], shown: false)
            case .tags, .references, .choices, .integers: return Reading([.text("{}")], shown: .array([]))
            case .document(_, let empty): return Reading([.text(empty.text)], shown: empty)
            case .money, .record: return Reading([.null, .null], shown: .null)
            case .localTime: return Reading([.null, .null, .null], shown: .null)
            case .custom: return Reading([], shown: .object([]))
            default: return Reading([.null], shown: .null)
            }
        }
        switch self {
        case .text(let maximum): return try line(value, at: pointer, maximum: maximum) { text in text }
        case .secret: return try secret(value, at: pointer)
        case .email: return try line(value, at: pointer) { EmailAddress.isWellFormed($0) ? $0 : nil }
        case .domain: return try line(value, at: pointer) { DomainName.isWellFormed($0) ? $0 : nil }
        case .phone: return try line(value, at: pointer) { $0.contains(where: \.isNumber) ? $0 : nil }
        case .website: return try line(value, at: pointer) { $0.contains(where: \.isWhitespace) || !$0.contains(".") ? nil : $0 }
        case .language: return try line(value, at: pointer) { LanguageTag.isWellFormed($0) ? $0 : nil }
        case .timeZone: return try line(value, at: pointer) { TimeZoneName.isKnown($0) ? $0 : nil }
        case .choice(let options):
            let text = try text(value, at: pointer)
            guard options.contains(text) else {
                throw refused(pointer, .enum, "This is one of \(options.joined(separator: ", ")).")
            }
            return Reading([.text(text)], shown: .string(text))
        case .choices(let options):
            let chosen = try list(value, at: pointer, maximum: options.count, of: "options") { element, place throws(Refused) in
                let text = try text(element, at: place)
                guard options.contains(text) else { throw refused(place, .enum, "This is one of \(options.joined(separator: ", ")).") }
                return text
            }
            return Reading([chosen.sqlValue], shown: JSON(chosen))
        case .integer(let range):
            let number = try wholeNumber(value, in: range, at: pointer)
            return Reading([.text(String(number))], shown: JSON(number))
        case .integers(let range, let maximum):
            let numbers = try list(value, at: pointer, maximum: maximum, of: "numbers") { element, place throws(Refused) in
                try wholeNumber(element, in: range, at: place)
            }
            return Reading([.text("{" + numbers.map(String.init).joined(separator: ",") + "}")], shown: .array(numbers.map { JSON($0) }))
        case .decimal:
            guard let text = value.string else { throw refused(pointer, .type, "This is a decimal number as text: \"12.50\".") }
            guard !text.trimmed.isEmpty else { return Reading([.null], shown: .null) }
            let amount = try Amount.read(text.trimmed, digits: 4, at: pointer)
            return Reading([.text(amount)], shown: .string(amount))
        case .money: return try money(value, at: pointer)
        case .currency:
            return try line(value, at: pointer) { CurrencyCode.isKnown($0) ? $0 : nil }
        case .flag:
            guard let flag = value.bool else { throw refused(pointer, .type, "This is true or false, not \(value.kind).") }
            return Reading([flag.sqlValue], shown: value)
        case .date:
            let text = try text(value, at: pointer)
            guard CivilDate.isWellFormed(text) else { throw refused(pointer, .format, "This is a date that exists, as YYYY-MM-DD.") }
            return Reading([.text(text)], shown: .string(text))
        case .time:
            let text = try text(value, at: pointer)
            guard let normal = Timestamp.normalised(text) else {
                throw refused(pointer, .format, "This is a time with its zone as RFC 3339 writes it: 2026-11-30T09:00:00Z.")
            }
            return Reading([.text(normal)], shown: .string(normal))
        case .reference:
            let id = try identifier(value, at: pointer)
            return Reading([.text(id)], shown: .string(id))
        case .references:
            guard let elements = value.elements else { throw refused(pointer, .type, "This is a list of ids, not \(value.kind).") }
            guard elements.count <= 200 else { throw refused(pointer, .tooLong, "At most 200 ids.") }
            var ids: [String] = []
            for (index, element) in elements.enumerated() {
                let id = try identifier(element, at: "\(pointer)/\(index)")
                if !ids.contains(id) { ids.append(id) }
            }
            return Reading([ids.sqlValue], shown: JSON(ids))
        case .record(let orType): return try record(value, orType, at: pointer)
        case .localTime: return try localTime(value, at: pointer)
        case .tags: return try tags(value, at: pointer)
        case .document(_, let empty):
            if empty.members != nil, value.members == nil { throw refused(pointer, .type, "This is an object, not \(value.kind).") }
            if empty.elements != nil, value.elements == nil { throw refused(pointer, .type, "This is a list, not \(value.kind).") }
            guard !value.containsNUL else { throw refused(pointer, .format, "A text must not hold U+0000.") }
            return Reading([.text(value.text)], shown: value)
        case .custom: throw refused(pointer, .type, "Each custom field is read by itself.")
        case .address, .actor, .identifier, .computed: throw refused(pointer, .readOnly, "This is set by the service.")
        }
    }

    private func text(_ value: JSON, at pointer: String, maximum: Int = 500) throws(Refused) -> String {
        guard case .string(let raw) = value else { throw refused(pointer, .type, "This is a text, not \(value.kind).") }
        guard !raw.unicodeScalars.contains("\0") else { throw refused(pointer, .format, "A text must not hold U+0000.") }
        // Counted as it came, as `maxLength` in the OpenAPI document counts it.
        guard raw.unicodeScalars.count <= maximum else {
            throw refused(pointer, .tooLong, "At most \(maximum) characters; this has \(raw.unicodeScalars.count).")
        }
        return raw.trimmed
    }

    private func line(
        _ value: JSON, at pointer: String, maximum: Int = 500, accept: (String) -> String?
    ) throws(Refused) -> Reading {
        let text = try text(value, at: pointer, maximum: maximum)
        guard !text.isEmpty else { return Reading([.null], shown: .null) }
        guard let accepted = accept(text) else { throw refused(pointer, .format, formatAdvice) }
        return Reading([.text(accepted)], shown: .string(accepted))
    }

    private var formatAdvice: String {
        switch self {
        case .email: "This is an e-mail address such as ann@example.com."
        case .domain: "This is a domain such as example.com, without http:// and path."
        case .phone: "A phone number has digits."
        case .website: "This is a web address such as https://example.com."
        case .language: "This is a language tag as BCP 47 writes it, such as de or zh-CN."
        case .timeZone: "This is a time zone's name as IANA writes it, such as Europe/Berlin."
        case .currency: "This is a currency's code as ISO 4217 writes it, such as EUR."
        default: "This has another form."
        }
    }

    private func secret(_ value: JSON, at pointer: String) throws(Refused) -> Reading {
        guard case .string(let text) = value else { throw refused(pointer, .type, "This is a text, not \(value.kind).") }
        return Reading([], shown: .string(text))
    }

    private func identifier(_ value: JSON, at pointer: String) throws(Refused) -> String {
        guard case .string(let text) = value else { throw refused(pointer, .type, "This is an id, not \(value.kind).") }
        guard let id = UUID(text: text) else { throw refused(pointer, .reference, "There is no such record.") }
        return id.text
    }

    private func wholeNumber(_ value: JSON, in range: ClosedRange<Int>, at pointer: String) throws(Refused) -> Int {
        guard case .number = value else { throw refused(pointer, .type, "This is a whole number, not \(value.kind).") }
        guard let number = value.integer else { throw refused(pointer, .type, "This is a whole number that fits.") }
        guard range.contains(number) else {
            throw refused(pointer, .range, "This lies between \(range.lowerBound) and \(range.upperBound).")
        }
        return number
    }

    /// A list whose elements come once each.
    private func list<Element: Equatable>(
        _ value: JSON, at pointer: String, maximum: Int, of what: String, _ read: (JSON, String) throws(Refused) -> Element
    ) throws(Refused) -> [Element] {
        guard let elements = value.elements else { throw refused(pointer, .type, "This is a list of \(what), not \(value.kind).") }
        guard elements.count <= maximum else { throw refused(pointer, .tooLong, "At most \(maximum) \(what).") }
        var list: [Element] = []
        for (index, element) in elements.enumerated() {
            let found = try read(element, "\(pointer)/\(index)")
            if !list.contains(found) { list.append(found) }
        }
        return list
    }

    private func money(_ value: JSON, at pointer: String) throws(Refused) -> Reading {
        guard let members = value.members else {
            throw refused(pointer, .type, "This is an object {\"amount\": \"12.50\", \"currency\": \"EUR\"}, not \(value.kind).")
        }
        if let other = members.first(where: { $0.name != "amount" && $0.name != "currency" }) {
            throw refused("\(pointer)/\(other.name.pointerToken)", .unknown, "Money has amount and currency.")
        }
        guard let given = value["currency"], !given.isNull else { throw refused("\(pointer)/currency", .required, "Money has a currency.") }
        let code = try text(given, at: "\(pointer)/currency")
        guard CurrencyCode.isKnown(code) else {
            throw refused("\(pointer)/currency", .format, "This is a currency's code as ISO 4217 writes it, such as EUR.")
        }
        guard let given = value["amount"], !given.isNull else { throw refused("\(pointer)/amount", .required, "Money has an amount.") }
        guard case .string(let digits) = given else {
            throw refused("\(pointer)/amount", .type, "An amount is a decimal number as text, \"12.50\", so that none of it is lost.")
        }
        let amount = try Amount.read(digits.trimmed, digits: CurrencyCode.minorDigits(code), at: "\(pointer)/amount")
        return Reading([.text(amount), .text(code)], shown: ["amount": .string(amount), "currency": .string(code)])
    }

    private func record(_ value: JSON, _ orType: Bool, at pointer: String) throws(Refused) -> Reading {
        guard let members = value.members else { throw refused(pointer, .type, "This is an object with type and id, not \(value.kind).") }
        if let other = members.first(where: { $0.name != "type" && $0.name != "id" }) {
            throw refused("\(pointer)/\(other.name.pointerToken)", .unknown, "A record is named by its type and id.")
        }
        guard let type = value["type"], !type.isNull else {
            throw refused("\(pointer)/type", .required, "A record is named by its type and id.")
        }
        let name = try text(type, at: "\(pointer)/type")
        guard let id = value["id"], !id.isNull else {
            guard orType else { throw refused("\(pointer)/id", .required, "A record is named by its type and id.") }
            return Reading([.text(name), .null], shown: ["type": .string(name), "id": .null])
        }
        let identity = try identifier(id, at: "\(pointer)/id")
        return Reading([.text(name), .text(identity)], shown: ["type": .string(name), "id": .string(identity)])
    }

    private func localTime(_ value: JSON, at pointer: String) throws(Refused) -> Reading {
        guard let members = value.members else {
            throw refused(pointer, .type, "This is an object with local and time_zone, not \(value.kind).")
        }
        if let other = members.first(where: { $0.name != "local" && $0.name != "time_zone" }) {
            throw refused("\(pointer)/\(other.name.pointerToken)", .unknown, "A local time has local and time_zone.")
        }
        guard let local = value["local"], !local.isNull else { throw refused("\(pointer)/local", .required, "A local time is needed.") }
        guard let zone = value["time_zone"], !zone.isNull else {
            throw refused("\(pointer)/time_zone", .required, "A time zone is needed.")
        }
        let name = try text(zone, at: "\(pointer)/time_zone")
        guard TimeZoneName.isKnown(name) else {
            throw refused("\(pointer)/time_zone", .format, "This is a time zone's name as IANA writes it, such as Europe/Berlin.")
        }
        let clock = try text(local, at: "\(pointer)/local")
        guard let time = LocalTime(local: clock, zone: name) else {
            throw refused("\(pointer)/local", .format, "This is a date and time that exist, as 2026-11-30T09:00.")
        }
        return Reading(
            [.text(time.local), .text(name), .text(time.utcText)], shown: ["local": .string(time.local), "time_zone": .string(name)])
    }

    private func tags(_ value: JSON, at pointer: String) throws(Refused) -> Reading {
        guard let elements = value.elements else { throw refused(pointer, .type, "This is a list of texts, not \(value.kind).") }
        var tags: [String] = []
        for (index, element) in elements.enumerated() {
            let tag = try text(element, at: "\(pointer)/\(index)", maximum: 100)
            guard !tag.isEmpty else { throw refused("\(pointer)/\(index)", .required, "A tag is not empty.") }
            if !tags.contains(tag) { tags.append(tag) }
        }
        guard tags.count <= 50 else { throw refused(pointer, .tooLong, "At most 50 tags.") }
        return Reading([tags.sqlValue], shown: JSON(tags))
    }
}

/// What one value of a body becomes.
struct Reading: Sendable {
    /// One per column of the field, or as many as `columns` names.
    let values: [SQLValue]
    /// Which of the field's columns are touched; nil for all.
    let columns: [String]?
    /// The value in normal form, for rules.
    let shown: JSON

    init(_ values: [SQLValue], columns: [String]? = nil, shown: JSON) {
        self.values = values
        self.columns = columns
        self.shown = shown
    }
}

/// One or more parts of a value are wrong.
struct Refused: Error {
    var errors: [Problem.FieldError]
}

func refused(_ pointer: String, _ code: Problem.FieldCode, _ detail: String) -> Refused {
    Refused(errors: [Problem.FieldError(pointer, code, detail)])
}

extension Address {
    /// An object whose parts merge with what is kept; null unsets the whole address.
    static func read(_ value: JSON, at pointer: String) throws(Refused) -> Reading {
        if value.isNull { return Reading(parts.map { _ in .null }, columns: parts.map(\.name), shown: .null) }
        guard let members = value.members else { throw refused(pointer, .type, "This is an object, not \(value.kind).") }
        var values: [SQLValue] = []
        var columns: [String] = []
        var errors: [Problem.FieldError] = []
        for member in members {
            let place = "\(pointer)/\(member.name.pointerToken)"
            guard let part = parts.first(where: { $0.name == member.name }) else {
                errors.append(.init(place, .unknown, "An address has \(parts.map(\.name).joined(separator: ", "))."))
                continue
            }
            do throws(Refused) {
                var reading = try FieldKind.text(max: 500).read(member.value, at: place)
                if part.kind == .country, case .text(let code) = reading.values[0] {
                    guard Country.isKnown(code) else {
                        throw refused(place, .format, "This is a country's code of two letters as ISO 3166 writes it, such as DE.")
                    }
                    reading = Reading([.text(code.uppercased())], shown: .string(code.uppercased()))
                }
                values += reading.values
                columns.append(part.name)
            } catch {
                errors += error.errors
            }
        }
        guard errors.isEmpty else { throw Refused(errors: errors) }
        return Reading(values, columns: columns, shown: value)
    }
}

extension String {
    /// Without white space at both ends.
    package var trimmed: String {
        guard let first = unicodeScalars.first, let last = unicodeScalars.last,
            first.properties.isWhitespace || last.properties.isWhitespace
        else { return self }
        var scalars = Substring(self).unicodeScalars
        while let scalar = scalars.first, scalar.properties.isWhitespace { scalars.removeFirst() }
        while let scalar = scalars.last, scalar.properties.isWhitespace { scalars.removeLast() }
        return String(scalars)
    }

    /// As one token of a JSON pointer (RFC 6901).
    package var pointerToken: String {
        replacing("~", with: "~0").replacing("/", with: "~1")
    }
}

extension JSON {
    /// Whether a text in it holds U+0000, which PostgreSQL cannot keep.
    package var containsNUL: Bool {
        switch self {
        case .string(let text): text.unicodeScalars.contains("\0")
        case .array(let elements): elements.contains(where: \.containsNUL)
        case .object(let members): members.contains { $0.name.unicodeScalars.contains("\0") || $0.value.containsNUL }
        default: false
        }
    }
}
