import Foundation
import Postgres

/// How a CSV file is written for the one who reads it: in a spreadsheet of that language a number with the other sign is text, and a comma
/// divides nothing.
package struct CSVDialect: Sendable, Hashable {
    /// Between the cells.
    let delimiter: UInt8
    /// In numbers, before their fraction.
    package let decimal: Character
    /// In which times are told (IANA), with their distance from UTC.
    let timeZone: String

    /// - Parameters:
    ///   - locale: language and region (BCP 47). Which sign stands in numbers is CLDR's; where it is the comma, semicolons divide the cells.
    ///   - timeZone: an IANA name that exists.
    package init(locale: String, timeZone: String) {
        decimal = Locale(identifier: locale).decimalSeparator == "," ? "," : "."
        delimiter = UInt8(ascii: decimal == "," ? ";" : ",")
        self.timeZone = timeZone
    }

    /// As programs agree on it: commas, points, UTC.
    package static let plain = CSVDialect(locale: "en", timeZone: "UTC")

    /// A time as RFC 3339 writes it, as an expression.
    func text(ofTime column: String) -> String {
        let utc = "(\(column) AT TIME ZONE 'UTC')"
        let form = #"'YYYY-MM-DD"T"HH24:MI:SS.MS'"#
        guard timeZone != "UTC" else { return "to_char(\(utc), \(form)) || 'Z'" }
        let local = "(\(column) AT TIME ZONE \(SQL.quoted(literal: timeZone)))"
        return """
            to_char(\(local), \(form)) || CASE WHEN \(local) < \(utc) THEN '-' ELSE '+' END \
            || to_char(greatest(\(local) - \(utc), \(utc) - \(local)), 'HH24:MI')
            """
    }

    /// A number, as an expression: from one that gives it with a point.
    func text(ofNumber expression: String) -> String {
        decimal == "." ? expression : "replace((\(expression))::text, '.', ',')"
    }
}
