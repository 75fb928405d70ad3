import Foundation

extension FieldKind {
    /// The operators that make sense for the kind.
    var operations: Set<Filter.Operation> {
        switch self {
        case .text, .website, .language, .timeZone, .email, .domain, .phone:
            Set(Filter.Operation.allCases)
        case .choice, .currency: [.eq, .ne, .in, .nin, .isNull]
        case .reference, .identifier: [.eq, .ne, .in, .nin, .isNull]
        case .integer, .decimal, .money, .date, .time, .localTime: [.eq, .ne, .in, .nin, .lt, .lte, .gt, .gte, .between, .isNull]
        case .flag: [.eq, .ne, .in, .nin, .isNull]
        case .tags, .references, .choices, .integers: [.contains, .isNull]
        case .address, .actor, .record, .document, .secret, .computed, .custom: []
        }
    }

    /// Checks a value to compare with and brings it into the text that the server reads.
    func comparable(_ value: JSON, _ operation: Filter.Operation, at pointer: String) throws(Refused) -> Filter.Value {
        switch self {
        case .date, .time:
            if value.members != nil { return .relative(try relative(value, at: pointer)) }
            let reading = try read(value, at: pointer)
            guard let text = reading.shown.string else {
                throw refused(pointer, .type, "This is a \(self == .date ? "date" : "time"), not null.")
            }
            return .text(text)
        case .decimal, .money:
            let digits: String
            switch value {
            case .number(let text), .string(let text): digits = text
            default: throw refused(pointer, .type, "This is a number, not \(value.kind).")
            }
            guard digits.utf8.count <= 40, let number = Decimal(string: digits), number.isFinite,
                digits.utf8.allSatisfy({ "0123456789.-+eE".utf8.contains($0) })
            else { throw refused(pointer, .type, "This is a number such as 1200.50.") }
            return .text("\(number)")
        case .integer, .integers:
            guard case .number(let digits) = value else { throw refused(pointer, .type, "This is a number, not \(value.kind).") }
            guard digits.count <= 40, let number = Decimal(string: digits), number.isFinite else {
                throw refused(pointer, .range, "This number is too large.")
            }
            return .text("\(number)")
        case .flag:
            guard let flag = value.bool else { throw refused(pointer, .type, "This is true or false, not \(value.kind).") }
            return .text(flag ? "t" : "f")
        case .reference, .identifier, .references:
            guard let text = value.string else { throw refused(pointer, .type, "This is an id, not \(value.kind).") }
            guard let id = UUID(text: text) else { throw refused(pointer, .format, "This is an id: a UUID.") }
            return .text(id.text)
        case .choice(let options), .choices(let options):
            guard let text = value.string else { throw refused(pointer, .type, "This is a text, not \(value.kind).") }
            guard options.contains(text) else { throw refused(pointer, .enum, "This is one of \(options.joined(separator: ", ")).") }
            return .text(text)
        default:
            guard let text = value.string else { throw refused(pointer, .type, "This is a text, not \(value.kind).") }
            guard !text.unicodeScalars.contains("\0") else { throw refused(pointer, .format, "A text must not hold U+0000.") }
            guard text.unicodeScalars.count <= 1_000 else { throw refused(pointer, .tooLong, "At most 1000 characters.") }
            if operation == .like || operation == .ilike {
                let trailing = text.reversed().prefix { $0 == "\\" }.count
                guard trailing % 2 == 0 else { throw refused(pointer, .format, "A pattern does not end with a single backslash.") }
            }
            return .text(text)
        }
    }

    private func relative(_ value: JSON, at pointer: String) throws(Refused) -> Filter.RelativeTime {
        guard let members = value.members, members.count == 1, let member = members.first,
            let unit = Filter.RelativeTime.Unit(rawValue: member.name)
        else { throw refused(pointer, .format, "A relative value has one of hours, days, weeks, months: {\"days\": -30}.") }
        let place = "\(pointer)/\(member.name)"
        guard case .number = member.value else { throw refused(place, .type, "This is a whole number, not \(member.value.kind).") }
        guard let count = member.value.integer, (-100_000...100_000).contains(count) else {
            throw refused(place, .range, "This is a whole number between -100000 and 100000.")
        }
        return Filter.RelativeTime(unit: unit, count: count)
    }
}
