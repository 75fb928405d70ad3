import Foundation
import Postgres

extension Date {
    /// As every time in the API: RFC 3339, UTC, milliseconds; the same text that goes to the database.
    package var apiText: String {
        guard case .text(let text) = sqlValue else { return "" }
        return text
    }
}
