import Postgres
import Schema

/// Runs the statements of a file that must stand outside a transaction: indexes built or dropped while the tables are in use, constraints
/// validated.
///
/// They come on a connection of their own that is closed afterwards, so that nothing set for the session stays behind. Each can be done
/// again: an index that an interrupted attempt left invalid is dropped first, a valid one is not built twice.
struct ConcurrentStatements: Sendable {
    let file: SchemaFile
    let tenant: Tenant
    let cell: OpenCell

    func run() async throws {
        let pool = ExclusivePool(cell.ownerConnection, PoolSettings(name: "migration-once", connections: 1))
        do {
            for statement in SQLStatement.all(in: file.text) { try await run(statement, on: pool) }
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
    }

    private func run(_ statement: SQLStatement, on pool: ExclusivePool) async throws {
        var preparation: [SQL] = []
        if let index = statement.createdIndex {
            switch try await state(of: index) {
            case .valid: return
            case .invalid: preparation = ["DROP INDEX CONCURRENTLY IF EXISTS \(identifier: index)"]
            case .missing: break
            }
        }
        let path = "\(tenant.schema), \(Cell.schema)"
        let session: SQL = "SELECT set_config('role', \(tenant.role), false), set_config('search_path', \(path), false)"
        try await pool.outsideTransaction([session] + preparation + [SQL(code: statement.text)])
    }

    private enum IndexState { case missing, valid, invalid }

    /// As the catalogue says, once nobody is building it any more: another migrator may be at it.
    private func state(of index: String) async throws -> IndexState {
        while true {
            let rows = try await cell.owner.transaction { transaction in
                try transaction.rows(
                    """
                    SELECT i.indisvalid, EXISTS (SELECT FROM pg_stat_progress_create_index AS p WHERE p.index_relid = i.indexrelid)
                    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
                    WHERE n.nspname = \(tenant.schema) AND c.relname = \(index)
                    """)
            }
            guard let row = rows.first else { return .missing }
            if try row.bool(0) { return .valid }
            if try !row.bool(1) { return .invalid }
            try await Task.sleep(for: .milliseconds(Int.random(in: 200...600)))
        }
    }
}
