import Foundation
import Records
import Recurrence
import Tenancy

/// A form that a text must have: how it is checked, and how the check is told to machines and to people.
package struct SettingForm: Sendable {
    /// Members of its JSON Schema beside the type. What they allow may still be refused (29 February as a fiscal year's start); what they
    /// forbid always is.
    let schema: [JSON.Member]
    let advice: String
    let accepts: @Sendable (String) -> Bool

    private init(
        pattern: String? = nil, format: String? = nil, maximum: Int? = nil, _ advice: String,
        _ accepts: @escaping @Sendable (String) -> Bool
    ) {
        schema =
            (pattern.map { [.init("pattern", .string($0))] } ?? []) + (format.map { [.init("format", .string($0))] } ?? [])
            + (maximum.map { [.init("maxLength", JSON($0))] } ?? [])
        self.advice = advice
        self.accepts = accepts
    }

    package static let anything = SettingForm(maximum: 500, "This is one line of text.") { _ in true }

    package static let email = SettingForm(maximum: 500, "This is an e-mail address such as ann@example.com.", EmailAddress.isWellFormed)

    package static let language = SettingForm(
        pattern: "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", maximum: 100, "This is a language tag as BCP 47 writes it, such as de or pt-BR."
    ) { $0.utf8.count <= 100 && LanguageTag.isWellFormed($0) }

    package static let timeZone = SettingForm(
        pattern: "^[A-Za-z][A-Za-z0-9_+/-]*$", "This is a time zone's name as IANA writes it, such as Europe/Berlin.", TimeZoneName.isKnown)

    package static let currency = SettingForm(
        pattern: "^[A-Z]{3}$", "This is a currency's code of three letters as ISO 4217 writes it, such as EUR."
    ) {
        currencies.contains($0)
    }

    private static let currencies = Set(Locale.Currency.isoCurrencies.map(\.identifier)).filter { code in
        code.utf8.count == 3 && code.utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
    }

    package static let rate = SettingForm(
        pattern: "^[0-9]{1,15}(\\.[0-9]{1,10})?$",
        "This is a decimal above zero, with a point and at most ten digits behind it, such as 1.0845."
    ) { text in
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy(isDigits), (1...15).contains(parts[0].utf8.count) else { return false }
        return (parts.count == 1 || parts[1].utf8.count <= 10) && text.utf8.contains { $0 != zero && $0 != UInt8(ascii: ".") }
    }

    package static let date = SettingForm(format: "date", "This is a date that exists, as YYYY-MM-DD.", CivilDate.isWellFormed)

    /// In every year: 2001 has no 29 February.
    package static let monthDay = SettingForm(
        pattern: "^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$", "This is a month and a day that every year has, as MM-DD."
    ) { CivilDate.isWellFormed("2001-" + $0) }

    package static let time = SettingForm(pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$", "This is a time of day as HH:MM, such as 09:00.") {
        text in
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 && isDigits($0) }), let hour = Int(parts[0]),
            let minute = Int(parts[1])
        else { return false }
        return hour < 24 && minute < 60
    }

    package static let colour = SettingForm(pattern: "^#[0-9A-Fa-f]{6}$", "This is a colour as #rrggbb, such as #1a73e8.") { text in
        text.utf8.count == 7 && text.utf8.first == UInt8(ascii: "#") && text.dropFirst().allSatisfy { $0.isASCII && $0.isHexDigit }
    }

    package static let webAddress = SettingForm(
        pattern: "^https?://[!-~]+$", maximum: 2000, "This is a web address such as https://example.com/logo.png, at most 2000 characters."
    ) { text in
        guard text.utf8.count <= 2000, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return false }
        return ["https://", "http://"].contains { text.hasPrefix($0) && text.utf8.count > $0.utf8.count }
    }

    package static let typeName = SettingForm(
        pattern: "^[a-z][a-z0-9_]*$", maximum: 63, "This is the plural name of a record type, such as machines."
    ) { text in
        let isLetter: (UInt8) -> Bool = { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
        guard text.utf8.count <= 63, let first = text.utf8.first, isLetter(first) else { return false }
        return text.utf8.allSatisfy { isLetter($0) || (zero...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "_") }
    }

    package static let network = SettingForm(
        pattern: "^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$", "This is an IP address or a network such as 192.0.2.0/24."
    ) { $0.utf8.count <= 100 && AddressRange($0) != nil }

    private static let zero = UInt8(ascii: "0")

    private static func isDigits(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (zero...UInt8(ascii: "9")).contains($0) }
    }
}
