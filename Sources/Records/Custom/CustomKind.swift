/// The kinds of fields that a tenant can add, by the names of the API.
package enum CustomKind: String, Sendable, Hashable, CaseIterable {
    case text, longText = "long_text", integer, decimal, money, boolean, date, datetime, select, multiSelect = "multi_select", email, phone
    case url, reference

    /// Whether people look for words in it.
    var hasWords: Bool { self == .text || self == .longText }

    /// `options` are the words of a select, or `{"type": "contacts"}` for a reference.
    package func fieldKind(options: JSON) -> FieldKind {
        let words = (options.elements ?? []).compactMap(\.string)
        return switch self {
        case .text: .text(max: 500)
        case .longText: .text(max: 20_000)
        // Every whole number that a JSON reader with binary fractions keeps exactly (RFC 8259, section 6).
        case .integer: .integer(-9_007_199_254_740_991...9_007_199_254_740_991)
        case .decimal: .decimal
        case .money: .money(currency: nil)
        case .boolean: .flag
        case .date: .date
        case .datetime: .time
        case .select: .choice(words)
        case .multiSelect: .choices(words)
        case .email: .email
        case .phone: .phone
        case .url: .website
        case .reference: .reference(to: options["type"]?.string ?? "")
        }
    }
}
