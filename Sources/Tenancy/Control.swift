import Postgres

/// The owner's way to the control schema: the directory of cells, tenants, plans and operators. Stays inside this room.
struct Control: Sendable {
    /// Single flushes.
    let pipeline: PipelinePool
    /// Pieces of work that branch on what they read.
    let exclusive: ExclusivePool

    /// The statements in one flush, all or nothing; one answer for each.
    func run(_ statements: [SQL], isRepeatable: Bool = false) async throws(PostgresError) -> [Rows] {
        let unit = Unit([Self.preamble] + statements, namespace: Self.schema, isRepeatable: isRepeatable)
        return Array(try await pipeline.run(unit).dropFirst())
    }

    /// One statement that reads; pass `isRepeatable: false` when it writes.
    func rows(_ statement: SQL, isRepeatable: Bool = true) async throws(PostgresError) -> Rows {
        guard let rows = try await run([statement], isRepeatable: isRepeatable).first else { throw .unexpected("An answer is missing.") }
        return rows
    }

    /// A transaction with a body that decides by what it reads.
    func transaction<T: Sendable>(_ body: @escaping @Sendable (borrowing Transaction) throws -> T) async throws -> T {
        try await exclusive.transaction(preamble: [Self.preamble], namespace: Self.schema, body)
    }

    func close() async {
        await pipeline.close()
        await exclusive.close()
    }

    static let schema = "control"

    /// Tells every process that the directory has changed; said inside the transaction that changes it.
    static func announcement(of slug: String) -> SQL {
        "SELECT pg_notify(\(channel), \(slug))"
    }

    static let channel = "tenantry_directory"

    private static let preamble: SQL = SQL(
        "SELECT set_config('search_path', 'control', true), set_config('statement_timeout', '10000', true)"
    )
    .prepared(.shared)
}
