import Foundation
import Records

/// What an operator means, worked out from the answers: written without a look at the statements it checks.
struct Comparison {
    let operation: String
    let operand: JSON
    let kind: FieldKind

    func holds(_ value: JSON) -> Bool {
        let isMissing = value.isNull || value == []
        switch operation {
        case "is_null": return isMissing == (operand.bool ?? false)
        case "ne": return isMissing || key(value) != key(operand)
        case "nin": return isMissing || !(operand.elements ?? []).contains { key($0) == key(value) }
        default: break
        }
        guard !isMissing else { return false }
        switch operation {
        case "eq": return key(value) == key(operand)
        case "in": return (operand.elements ?? []).contains { key($0) == key(value) }
        case "contains":
            if let elements = value.elements { return elements.contains(operand) }
            return lower(value).contains(lower(operand))
        case "starts": return text(value).hasPrefix(text(operand))
        case "like": return text(value).hasPrefix(text(operand).dropLast())
        case "ilike": return lower(value).hasPrefix(lower(operand).dropLast())
        case "lt": return Self.precedes(value, operand, kind)
        case "gt": return Self.precedes(operand, value, kind)
        case "lte": return !Self.precedes(operand, value, kind)
        case "gte": return !Self.precedes(value, operand, kind)
        default:
            guard let bounds = operand.elements, bounds.count == 2 else { return false }
            return !Self.precedes(value, bounds[0], kind) && !Self.precedes(bounds[1], value, kind)
        }
    }

    /// What each operator of the kind is tried with, given one value that a record has and another.
    static func operand(_ operation: String, _ kind: FieldKind, _ one: JSON, _ other: JSON) -> JSON {
        let low = precedes(other, one, kind) ? other : one
        let text = one.string ?? ""
        switch operation {
        case "is_null": return true
        case "in", "nin": return [one, other]
        case "between": return [low, low == one ? other : one]
        case "starts": return .string(String(text.prefix(4)))
        case "like": return .string(String(text.prefix(4)) + "%")
        case "ilike": return .string(text.prefix(4).uppercased() + "%")
        case "contains":
            if let elements = one.elements { return elements.last ?? .null }
            return .string(text.dropFirst().prefix(4).uppercased())
        default: return one
        }
    }

    static func precedes(_ left: JSON, _ right: JSON, _ kind: FieldKind) -> Bool {
        switch kind {
        case .integer, .decimal, .money: return number(left) < number(right)
        case .flag: return left.bool == false && right.bool == true
        default: return (left.string ?? "").lowercased() < (right.string ?? "").lowercased()
        }
    }

    private static func number(_ value: JSON) -> Decimal {
        guard let text = value.string else { return Decimal(value.integer ?? 0) }
        return Decimal(string: text) ?? 0
    }

    private var foldsCase: Bool { kind == .email || kind == .domain }
    private func text(_ value: JSON) -> String { foldsCase ? lower(value) : value.string ?? "" }
    private func lower(_ value: JSON) -> String { (value.string ?? "").lowercased() }

    private func key(_ value: JSON) -> String {
        if kind == .phone { return (value.string ?? "").filter(\.isNumber) }
        return value.string == nil ? value.text : text(value)
    }
}
