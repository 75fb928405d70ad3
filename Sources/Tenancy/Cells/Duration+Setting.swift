extension Duration {
    /// As PostgreSQL's `statement_timeout` and `lock_timeout` take it: milliseconds, and at least one, since zero would be no limit.
    var asSetting: String { String(max(1, components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000)) }
}
