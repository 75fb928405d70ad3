import Foundation
import Records
import Recurrence

/// Values that have parts or several ways to be written.
extension VCardGathering {
    mutating func address() -> VCard.PostalAddress? {
        guard let property = all("ADR").filter({ $0.parts.contains { !$0.isEmpty } }).min(by: { $0.preference < $1.preference }) else {
            return nil
        }
        let parts = property.parts + Array(repeating: "", count: 7)
        let street = [parts[2], parts[1], parts[0]].filter { !$0.isEmpty }.joined(separator: ", ")
        let country = Self.filled(parts[6])
        let code = country.flatMap(CountryNames.code)
        if country != nil, code == nil { leave(property, "The country of ADR is not known and was left out; DE or Germany would be.") }
        let address = VCard.PostalAddress(
            street: Self.filled(street), city: Self.filled(parts[3]), region: Self.filled(parts[4]), postalCode: Self.filled(parts[5]),
            country: code)
        return address == VCard.PostalAddress() ? nil : address
    }

    /// `19850412`, `1985-04-12`, each with a time of day or not. A birthday without a year is none of ours.
    mutating func birthday() -> String? {
        guard let property = preferred("BDAY") else { return nil }
        let text = property.text
        guard !text.hasPrefix("--"), property.values(of: "X-APPLE-OMIT-YEAR").isEmpty else { return nil }
        let day = String(text.prefix { $0 != "T" && $0 != " " })
        let digits = Array(day)
        let date = digits.count == 8 ? "\(String(digits[0..<4]))-\(String(digits[4..<6]))-\(String(digits[6..<8]))" : day
        if CivilDate.isWellFormed(date) { return date }
        leave(property, "BDAY is not a date that exists and was left out.")
        return nil
    }

    static func filled(_ text: String) -> String? { text.isEmpty ? nil : text }

    static func dropping(_ scheme: String, from text: String) -> String {
        text.lowercased().hasPrefix(scheme) ? String(text.dropFirst(scheme.count)) : text
    }

    /// `tel:+49-30-1;ext=5` (RFC 3966) as people write it.
    static func number(_ text: String) -> String {
        guard text.lowercased().hasPrefix("tel:") else { return text }
        let pieces = text.dropFirst(4).split(separator: ";")
        let inside = pieces.dropFirst().first { $0.lowercased().hasPrefix("ext=") }?.dropFirst(4)
        return [pieces.first, inside].compactMap(\.self).joined(separator: " ext. ")
    }

    static func withoutScheme(_ uid: String) -> String {
        let rest = dropping("urn:uuid:", from: uid)
        return UUID(text: rest) == nil ? uid : rest
    }
}
