import Foundation
import Recurrence

/// Reads cells as people and programs write them into what a body of the API holds; the fields themselves judge the values.
struct CellReader: Sendable {
    private let options: ImportOptions
    private let decimal: Character
    /// The tenant's: for times without a zone, and amounts without a currency.
    private let zone: String
    private let currency: String

    /// - Parameter decimal: which sign numbers have where the options do not say it.
    init(options: ImportOptions, decimal: Character, zone: String, currency: String) {
        (self.options, self.zone, self.currency) = (options, zone, currency)
        self.decimal = options.decimal ?? decimal
    }

    /// Nothing for an empty cell. The apostrophe that an export sets before what a spreadsheet would calculate is taken off.
    func text(_ cell: String?) -> String? {
        guard let text = cell?.trimmed, !text.isEmpty else { return nil }
        return CSVText.value(of: text)
    }

    /// The value for a field of this kind; references come with the id that their text stands for already.
    func value(_ text: String, of kind: FieldKind, at pointer: String) throws(Refused) -> JSON {
        switch kind {
        case .choice(let options): return .string(choice(text, of: options))
        case .choices(let options): return .array(list(text).map { .string(choice($0, of: options)) })
        case .tags, .references: return .array(list(text).map { .string($0) })
        case .integer:
            guard let number = number(text), !number.contains(".") else { throw refused(pointer, .type, "This is a whole number.") }
            return .number(number)
        case .integers:
            var numbers: [JSON] = []
            for part in list(text) {
                guard let number = number(part), !number.contains(".") else { throw refused(pointer, .type, "These are whole numbers.") }
                numbers.append(.number(number))
            }
            return .array(numbers)
        case .decimal:
            guard let number = number(text) else { throw wrongNumber(pointer) }
            return .string(number)
        case .money: return try money(text, at: pointer)
        case .flag:
            guard let flag = Self.flags[text.lowercased()] else {
                throw refused(pointer, .type, "This is true or false, yes or no, 1 or 0.")
            }
            return .bool(flag)
        case .date:
            guard let found = (options.dateForm ?? .standard).read(text), found.rest.isEmpty || isMidnight(found.rest) else {
                throw refused(pointer, .format, "This is a date that exists, \(form).")
            }
            return .string(found.date)
        case .time: return .string(try time(text, at: pointer))
        case .localTime: return ["local": .string(try local(text, at: pointer)), "time_zone": .string(zone)]
        case .document:
            guard let document = try? JSON(parsing: text) else { throw refused(pointer, .format, "This is JSON.") }
            return document
        default: return .string(text)
        }
    }

    private var form: String {
        (options.document["date_format"]?.string).map { "in the form \($0)" } ?? "as YYYY-MM-DD; say another form in options.date_format"
    }

    /// As the option is written, whatever the case and the signs between its words.
    private func choice(_ text: String, of options: [String]) -> String {
        if options.contains(text) { return text }
        let normal = HeaderMapping.normal(text)
        return options.first { HeaderMapping.normal($0) == normal } ?? text
    }

    /// Divided by semicolons or lines if there are any, else by commas. A sign behind a backslash divides nothing: exports write it so.
    func list(_ text: String) -> [String] {
        let lines = Self.parts(of: text) { $0 != "," && CSVColumn.divides($0) }
        let elements = lines.count > 1 ? lines : Self.parts(of: text) { $0 == "," }
        return elements.map(\.trimmed).filter { !$0.isEmpty }
    }

    private static func parts(of text: String, dividedBy divides: (Unicode.Scalar) -> Bool) -> [String] {
        var parts = [String.UnicodeScalarView()]
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            if scalar == CSVColumn.escape, let next = rest.first, next == CSVColumn.escape || CSVColumn.divides(next) {
                parts[parts.count - 1].append(next)
                rest.removeFirst()
            } else if divides(scalar) {
                parts.append(String.UnicodeScalarView())
            } else {
                parts[parts.count - 1].append(scalar)
            }
        }
        return parts.map { String($0) }
    }

    /// A decimal as the API writes it: without groups of digits, with a point. Nil for what is none.
    private func number(_ text: String) -> String? {
        let grouping: Character = decimal == "." ? "," : "."
        let parts = text.split(separator: decimal, omittingEmptySubsequences: false)
        guard parts.count <= 2, var whole = parts.first else { return nil }
        let sign = whole.first == "-" || whole.first == "\u{2212}" ? "-" : ""
        if !sign.isEmpty || whole.first == "+" { whole = whole.dropFirst() }
        let groups = whole.split(omittingEmptySubsequences: false) { $0 == grouping || $0 == "'" || $0 == "\u{2019}" || $0.isWhitespace }
        guard groups.dropFirst().allSatisfy({ $0.count == 3 }), groups.count == 1 || (1...3).contains(groups[0].count) else { return nil }
        let digits = groups.joined()
        let decimals = parts.count == 2 ? parts[1] : ""
        guard !digits.isEmpty || !decimals.isEmpty, (digits + decimals).allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        return sign + (digits.isEmpty ? "0" : digits) + (decimals.isEmpty ? "" : "." + decimals)
    }

    private func wrongNumber(_ pointer: String) -> Refused {
        refused(
            pointer, .format,
            "This is a number such as \(decimal == "." ? "1,234.50" : "1.234,50"); say the other sign in options.decimal.")
    }

    /// `1200.50`, `EUR 1,200.50`, `€1200`.
    private func money(_ text: String, at pointer: String) throws(Refused) -> JSON {
        var rest = text[...]
        var code = currency
        for sign in Self.signs where text.hasPrefix(sign.key) || text.hasSuffix(sign.key) {
            code = sign.value
            rest = text.hasPrefix(sign.key) ? rest.dropFirst(sign.key.count) : rest.dropLast(sign.key.count)
        }
        for part in [rest.prefix(3), rest.suffix(3)] where rest.count > 3 && CurrencyCode.isKnown(String(part)) {
            code = String(part)
            rest = part.startIndex == rest.startIndex ? rest.dropFirst(3) : rest.dropLast(3)
        }
        guard let amount = number(String(rest).trimmed) else { throw wrongNumber(pointer) }
        return ["amount": .string(amount), "currency": .string(code)]
    }

    private func time(_ text: String, at pointer: String) throws(Refused) -> String {
        if Timestamp.normalised(text) != nil { return text }
        guard let instant = LocalTime(local: String(try local(text, at: pointer).prefix(16)), zone: zone) else {
            throw refused(pointer, .format, "This is a time that exists.")
        }
        return instant.utcText
    }

    /// A date in the form that was said, with or without hours and minutes.
    private func local(_ text: String, at pointer: String) throws(Refused) -> String {
        let wrong = refused(
            pointer, .format, "This is a time with its zone (2026-11-30T09:00:00Z), or a date \(form) with hours and minutes.")
        guard let found = (options.dateForm ?? .standard).read(text) ?? DateForm.standard.read(text) else { throw wrong }
        let clock = found.rest.drop { $0 == " " || $0 == "T" }
        if clock.isEmpty { return found.date + "T00:00" }
        guard let match = clock.wholeMatch(of: /([0-9]{1,2}):([0-9]{2})(?::[0-9]{2}(?:\.[0-9]{1,6})?)?/) else { throw wrong }
        return found.date + "T" + (match.1.count == 1 ? "0" : "") + match.1 + ":" + match.2
    }

    private func isMidnight(_ rest: Substring) -> Bool { rest.wholeMatch(of: /[ T]0?0:00(?::00(?:\.0+)?)?Z?/) != nil }

    private static let flags: [String: Bool] = [
        "true": true, "yes": true, "1": true, "y": true, "t": true, "on": true, "x": true, "ja": true, "wahr": true, "是": true,
        "false": false, "no": false, "0": false, "n": false, "f": false, "off": false, "nein": false, "falsch": false, "否": false,
    ]
    private static let signs = ["€": "EUR", "£": "GBP", "US$": "USD", "CN¥": "CNY", "元": "CNY"]
}
