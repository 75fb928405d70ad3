import Foundation

/// A decimal number as text: up to 15 digits before the point and 4 behind it, never a binary fraction.
enum Amount {
    /// The number without a sign for zero, leading zeros or trailing zeros behind the point.
    ///
    /// - Parameter digits: how many decimals there may be; more are refused even when they are zeros.
    static func read(_ text: String, digits: Int, at pointer: String) throws(Refused) -> String {
        guard let parts = Self.parts(text), parts.whole.utf8.count <= 40, parts.decimals.utf8.count <= 40 else {
            throw refused(pointer, .format, "This is a decimal number as text: \"1200.50\".")
        }
        let whole = parts.whole.drop { $0 == "0" }
        let decimals = parts.decimals
        guard whole.count <= 15 else { throw refused(pointer, .range, "At most 15 digits before the point.") }
        guard decimals.count <= digits else {
            throw refused(pointer, .range, digits == 0 ? "This currency has no decimals." : "At most \(digits) decimals here.")
        }
        var kept = decimals
        while kept.last == "0" { kept.removeLast() }
        let number = (whole.isEmpty ? "0" : String(whole)) + (kept.isEmpty ? "" : "." + kept)
        return number == "0" || !parts.isNegative ? number : "-" + number
    }

    /// Whether the text is a number that PostgreSQL reads as numeric, of a length that makes sense.
    static func isNumber(_ text: String) -> Bool {
        text.utf8.count <= 64 && parts(text) != nil
    }

    /// Of `-?[0-9]+(\.[0-9]+)?`; nil for anything else. By hand: a pattern would be read anew for each amount of an import.
    private static func parts(_ text: String) -> (isNegative: Bool, whole: Substring, decimals: Substring)? {
        let isNegative = text.utf8.first == UInt8(ascii: "-")
        let parts = text.unicodeScalars.dropFirst(isNegative ? 1 : 0).split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { ("0"..."9").contains($0) } }) else { return nil }
        return (isNegative, Substring(parts[0]), parts.count == 2 ? Substring(parts[1]) : "")
    }
}

/// A currency as ISO 4217 writes it.
package enum CurrencyCode {
    private static let known = Set(Locale.Currency.isoCurrencies.map(\.identifier)).filter { $0.count == 3 && $0.allSatisfy(\.isUppercase) }
    private static let digits: [String: Int] = {
        var digits: [String: Int] = [:]
        for code in ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"]
        {
            digits[code] = 0
        }
        for code in ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"] { digits[code] = 3 }
        for code in ["CLF", "UYW"] { digits[code] = 4 }
        return digits
    }()

    package static func isKnown(_ code: String) -> Bool { known.contains(code) }

    /// Decimals of the minor unit; `cell.minor_digits` says the same.
    package static func minorDigits(_ code: String) -> Int { digits[code] ?? 2 }
}
