import Postgres

/// The tenant's own rates inside a statement: what one unit of a currency is worth in another on the day a deal closes.
///
/// The rate of a past day is the newest that had begun by then; of a day to come, or of none, the newest of all. Rates are used in the
/// direction in which they stand.
enum ExchangeRates {
    /// A member of a WITH list: `rates`.
    static let table: SQL = """
        rates AS (
            SELECT entry->>'from' AS origin, entry->>'to' AS target, (entry->>'rate')::numeric AS rate, (entry->>'date')::date AS date, entry
            FROM settings CROSS JOIN jsonb_array_elements(coalesce(nullif(document->'rates', 'null'), '[]')) AS entry)
        """

    /// A join that finds `found.rate` and `found.entry`, both null where no rate fits.
    static func join(from origin: SQL, to target: SQL, on day: SQL, today: String) -> SQL {
        """
        LEFT JOIN LATERAL (
            SELECT rates.rate, rates.entry FROM rates
            WHERE rates.origin = \(origin) AND rates.target = \(target)
                AND (\(day) IS NULL OR \(day) > \(today)::date OR rates.date <= \(day))
            ORDER BY rates.date DESC LIMIT 1
        ) AS found ON true
        """
    }

    /// What to multiply by; null where no rate fits.
    static func rate(from origin: SQL, to target: SQL) -> SQL { "CASE WHEN \(origin) = \(target) THEN 1 ELSE found.rate END" }
}
