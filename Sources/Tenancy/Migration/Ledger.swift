import Postgres
import Schema

/// Which files a schema of the installation itself (control, cell) has had, and the running of those it has not.
struct Ledger: Sendable {
    let schema: String
    let pool: ExclusivePool
    /// For files that run outside a transaction.
    let connection: ConnectionSettings
    let locks: LockPatience

    /// The schema, unless someone else makes it, and the table of this ledger.
    func establish(as creation: SQL?) async throws {
        try await locks.retrying {
            try await pool.transaction(preamble: preamble) { transaction in
                if let creation { _ = try transaction.rows(creation.prepared(.none)) }
                try transaction.script(
                    """
                    CREATE TABLE IF NOT EXISTS migrations (
                        number integer PRIMARY KEY,
                        name text NOT NULL,
                        at timestamptz(3) NOT NULL DEFAULT now()
                    )
                    """)
            }
        }
    }

    /// Runs each file that has not run, in a transaction of its own with the row that says so; before it what runs outside one.
    func apply(_ files: [SchemaFile]) async throws {
        for file in files {
            try await locks.retrying {
                if file.runsOutsideTransaction { try await runOutside(file) }
                try await pool.transaction(preamble: preamble, namespace: schema) { transaction in
                    guard try Self.isWaiting(file, transaction) else { return }
                    if !file.runsOutsideTransaction { try transaction.script(file.text) }
                    _ = try transaction.rows("INSERT INTO migrations (number, name) VALUES (\(file.number), \(file.name))")
                }
            }
        }
    }

    /// Two migrators may be at it: what one has done the other finds done.
    private func runOutside(_ file: SchemaFile) async throws {
        let isWaiting = try await pool.transaction(preamble: preamble, namespace: schema) { try Self.isWaiting(file, $0) }
        guard isWaiting else { return }
        let session: SQL = "SELECT set_config('search_path', \(schema), false)"
        try await ConcurrentStatements(file: file, schema: schema, session: session, connection: connection, pool: pool).run()
    }

    private static func isWaiting(_ file: SchemaFile, _ transaction: borrowing Transaction) throws -> Bool {
        try transaction.rows("SELECT 1 FROM migrations WHERE number = \(file.number)").isEmpty
    }

    /// One migrator at a time; held until the transaction ends.
    private var preamble: [SQL] {
        let lock = "tenantry migration of \(schema)"
        return [
            SQL("SELECT pg_advisory_xact_lock(hashtextextended(\(lock), 0))").prepared(.shared),
            SQL("SELECT set_config('search_path', \(schema), true)").prepared(.shared),
            LockPatience.timeout,
        ]
    }
}
