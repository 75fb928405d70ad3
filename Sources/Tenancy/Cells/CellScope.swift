import Postgres

/// The way to what a cell has for all its tenants together, its queue of jobs for instance. It comes from `Cells.scope(of:)`.
///
/// It goes in as the owner and sees no tenant's schema unless it is named, which nobody does: what is a tenant's goes through `TenantScope`.
/// Every statement has a time limit.
package struct CellScope: Sendable {
    package let name: String
    private let cell: OpenCell

    init(_ cell: OpenCell) {
        name = cell.cell.name
        self.cell = cell
    }

    /// The statements in one flush, all or nothing; one answer for each. Equal `affinity` means the same connection while it has room.
    package func run(
        _ statements: [SQL], within limit: Duration = .seconds(5), isRepeatable: Bool = false, affinity: Int = 0
    ) async throws(PostgresError) -> [Rows] {
        let unit = Unit([Self.preamble(limit)] + statements, namespace: Cell.schema, isRepeatable: isRepeatable)
        return Array(try await cell.queue.run(unit, preferring: affinity).dropFirst())
    }

    /// One statement.
    package func rows(
        _ statement: SQL, within limit: Duration = .seconds(5), isRepeatable: Bool = false, affinity: Int = 0
    ) async throws(PostgresError) -> Rows {
        guard let rows = try await run([statement], within: limit, isRepeatable: isRepeatable, affinity: affinity).first else {
            throw .unexpected("An answer is missing.")
        }
        return rows
    }

    private static func preamble(_ limit: Duration) -> SQL {
        let sql: SQL = """
            SELECT set_config('search_path', \(Cell.schema), true), set_config('statement_timeout', \(limit.asSetting), true), \
            set_config('lock_timeout', \(limit.asSetting), true)
            """
        return sql.prepared(.shared)
    }
}

extension Cells {
    /// Throws `.unknownCell` for a cell that this process does not know.
    package func scope(of cell: String) throws(TenancyError) -> CellScope {
        CellScope(try named(cell))
    }
}
