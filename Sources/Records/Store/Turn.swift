import Postgres

/// What writes of a tenant wait for, one after another, where no row stands for what they must not do at once: places of deals, the last
/// administrator, the shape of its types. Held to the end of the transaction.
package enum Turn {
    /// The statement that waits for it. The name holds for this tenant alone.
    package static func of(_ name: String) -> SQL {
        "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.' || \(name)::text, 0))"
    }

    private static let text = of("").text

    /// Whether the statement does nothing but wait for a turn.
    static func isAwaited(by statement: SQL) -> Bool { statement.text == text }
}
