import Postgres
import Schema

/// Runs the statements of a file that must stand outside a transaction: indexes built or dropped while the tables are in use, constraints
/// validated.
///
/// They come on a connection of their own that is closed afterwards, so that nothing set for the session stays behind. Each can be done
/// again: an index that an interrupted attempt left invalid is dropped first, a valid one is not built twice.
struct ConcurrentStatements: Sendable {
    let file: SchemaFile
    /// Whose tables they are about.
    let schema: String
    /// What the session of each begins with: in whose name it acts, and where.
    let session: SQL
    let connection: ConnectionSettings
    /// For looks at the catalogue.
    let pool: ExclusivePool

    func run() async throws {
        let once = ExclusivePool(connection, PoolSettings(name: "migration-once", connections: 1))
        do {
            for statement in SQLStatement.all(in: file.text) { try await run(statement, on: once) }
        } catch {
            await once.close()
            throw error
        }
        await once.close()
    }

    private func run(_ statement: SQLStatement, on once: ExclusivePool) async throws {
        var preparation: [SQL] = []
        if let index = statement.createdIndex {
            switch try await state(of: index) {
            case .valid: return
            case .invalid: preparation = ["DROP INDEX CONCURRENTLY IF EXISTS \(identifier: index)"]
            case .missing: break
            }
        }
        do {
            try await once.outsideTransaction([session] + preparation + [SQL(code: statement.text)])
        } catch {
            // Another migrator has made it, or is at it, since the look.
            guard statement.createdIndex != nil, error.refusal?.state == "42P07" else { throw error }
            try await run(statement, on: once)
        }
    }

    private enum IndexState { case missing, valid, invalid }

    /// As the catalogue says, once nobody is building it any more: another migrator may be at it.
    private func state(of index: String) async throws -> IndexState {
        let schema = schema
        while true {
            let rows = try await pool.transaction { transaction in
                try transaction.rows(
                    """
                    SELECT i.indisvalid, EXISTS (SELECT FROM pg_stat_progress_create_index AS p WHERE p.index_relid = i.indexrelid)
                    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
                    WHERE n.nspname = \(schema) AND c.relname = \(index)
                    """)
            }
            guard let row = rows.first else { return .missing }
            if try row.bool(0) { return .valid }
            if try !row.bool(1) { return .invalid }
            try await Task.sleep(for: .milliseconds(Int.random(in: 200...600)))
        }
    }
}

extension ConcurrentStatements {
    /// In a tenant's schema, as the tenant's role.
    init(_ file: SchemaFile, for tenant: Tenant, in cell: OpenCell) {
        let path = "\(tenant.schema), \(Cell.schema)"
        self.init(
            file: file, schema: tenant.schema,
            session: "SELECT set_config('role', \(tenant.role), false), set_config('search_path', \(path), false)",
            connection: cell.ownerConnection, pool: cell.owner)
    }
}
