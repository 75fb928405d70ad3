import Postgres

/// A moment at which records are read as they stood then (`as_of`).
struct Moment: Sendable, Hashable {
    /// As RFC 3339 writes it.
    let text: String

    init(_ text: String) throws(Refused) {
        guard let text = Timestamp.normalised(text) else {
            throw refused("", .format, "This is a time with its zone as RFC 3339 writes it: 2026-11-30T09:00:00Z.")
        }
        self.text = text
    }

    var sql: SQL { "\(text)::timestamptz" }

    /// Nobody knows what will be. The database's clock decides, the one that stamps every change; stamps are rounded to milliseconds.
    var hasPassed: SQL {
        "SELECT cell.refuse('TN002', \(Self.constraint)) WHERE " + sql + " > now() + interval '1 second'"
    }

    private static let constraint = "as_of_future"

    static func problem(_ refusal: PostgresError.Refusal) -> Problem? {
        guard refusal.constraint == constraint else { return nil }
        return Problem(.malformed, "The parameter as_of: This moment has not come yet.")
    }
}
