import Foundation

/// A decimal number as text: up to 15 digits before the point and 4 behind it, never a binary fraction.
enum Amount {
    /// The number without a sign for zero, leading zeros or trailing zeros behind the point.
    ///
    /// - Parameter digits: how many decimals there may be; more are refused even when they are zeros.
    static func read(_ text: String, digits: Int, at pointer: String) throws(Refused) -> String {
        guard let match = text.wholeMatch(of: /(-?)([0-9]{1,40})(?:\.([0-9]{1,40}))?/) else {
            throw refused(pointer, .format, "This is a decimal number as text: \"1200.50\".")
        }
        let whole = match.2.drop { $0 == "0" }
        let decimals = match.3 ?? ""
        guard whole.count <= 15 else { throw refused(pointer, .range, "At most 15 digits before the point.") }
        guard decimals.count <= digits else {
            throw refused(pointer, .range, digits == 0 ? "This currency has no decimals." : "At most \(digits) decimals here.")
        }
        var kept = decimals
        while kept.last == "0" { kept.removeLast() }
        let number = (whole.isEmpty ? "0" : String(whole)) + (kept.isEmpty ? "" : "." + kept)
        return number == "0" ? "0" : match.1 + number
    }

    /// Whether the text is a number that PostgreSQL reads as numeric, of a length that makes sense.
    static func isNumber(_ text: String) -> Bool {
        text.utf8.count <= 64 && text.wholeMatch(of: /-?[0-9]+(?:\.[0-9]+)?/) != nil
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
