import Foundation

/// A JSON value as it was written: members keep their order, numbers keep their digits, so that no decimal loses precision.
package enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    /// The number's text as RFC 8259 writes it.
    case number(String)
    case string(String)
    case array([JSON])
    case object([Member])

    package struct Member: Sendable, Hashable {
        package var name: String
        package var value: JSON

        package init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }

    /// The member of that name; nil when it is absent or this is no object.
    package subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    package var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }

    package var elements: [JSON]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    package var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// A whole number within `Int`, however it is written: `1`, `1.0` and `1e0` are one number (JSON Schema 6.1.1).
    package var integer: Int? {
        guard case .number(let text) = self else { return nil }
        if let number = Int(text) { return number }
        guard text.utf8.count <= 40, let decimal = Decimal(string: text), decimal.isFinite, abs(decimal) < 1e15 else { return nil }
        let number = NSDecimalNumber(decimal: decimal).intValue
        return Decimal(number) == decimal ? number : nil
    }

    package var isNull: Bool { self == .null }

    /// What it is, in the words of a problem document.
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a text"
        case .array: "a list"
        case .object: "an object"
        }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int) { self = .number(String(value)) }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements.map { Member($0, $1) }) }
    package init(nilLiteral: ()) { self = .null }

    package init(_ integer: Int) { self = .number(String(integer)) }
    package init(_ text: String?) { self = text.map { .string($0) } ?? .null }
    package init(_ texts: [String]) { self = .array(texts.map { .string($0) }) }
}
