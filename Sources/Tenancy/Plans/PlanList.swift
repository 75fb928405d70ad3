import Postgres

/// The plans as operators see and make them: always what the control schema says now.
package struct PlanList: Sendable {
    let control: Control
    let directory: Directory

    /// The newest version of each, by name.
    package func newest() async throws -> [Plan] {
        try await control.rows("SELECT DISTINCT ON (name) \(Plan.columns) FROM plans ORDER BY name, version DESC").map(Plan.init)
    }

    /// Every version of one plan, the newest first; empty when there is none of that name.
    package func versions(of name: String) async throws -> [Plan] {
        try await control.rows("SELECT \(Plan.columns) FROM plans WHERE name = \(name) ORDER BY version DESC").map(Plan.init)
    }

    /// What a tenant gets whose order names no plan, in every process that is not configured otherwise. `free`, if this was never said.
    package func setDefault(_ name: String) async throws {
        _ = try await control.rows("UPDATE installation SET default_plan = \(name)", isRepeatable: true)
    }

    /// The next version of the plan, or its newest one when that says the same. No version ever changes; tenants keep the one they were sold.
    package func put(_ name: String, _ terms: PlanTerms, by instruction: Instruction) async throws -> (plan: Plan, isNew: Bool) {
        let (plan, isNew) = try await control.transaction { transaction in
            try transaction.flush([Self.lock])
            return try Self.put(name, terms, by: instruction, in: transaction)
        }
        if isNew { try await directory.refresh() }
        return (plan, isNew)
    }

    /// Takes over what the program itself brings and has not brought before: what an operator has made of a plan stays the newest version.
    func takeOver(_ builtIn: [String: PlanTerms]) async throws {
        let instruction = Instruction(actor: "system", reason: "The plan has changed with a new release.")
        try await control.transaction { transaction in
            try transaction.flush([Self.lock])
            for (name, terms) in builtIn.sorted(by: { $0.key < $1.key }) {
                let taken = try transaction.rows(
                    """
                    INSERT INTO built_in_plans AS known (name, terms) VALUES (\(name), \(terms.text)::jsonb)
                    ON CONFLICT (name) DO UPDATE SET terms = excluded.terms WHERE known.terms <> excluded.terms
                    RETURNING 1
                    """)
                if !taken.isEmpty { _ = try Self.put(name, terms, by: instruction, in: transaction) }
            }
        }
    }

    /// Whether all of this has been taken over.
    static func hasTakenOver(_ builtIn: [String: PlanTerms]) -> SQL {
        let names = builtIn.keys.sorted()
        return """
            NOT EXISTS (
                SELECT FROM unnest(\(names)::text[], \(names.compactMap { builtIn[$0]?.text })::text[]) AS wanted (name, terms)
                LEFT JOIN built_in_plans AS known USING (name) WHERE known.terms IS DISTINCT FROM wanted.terms::jsonb)
            """
    }

    private static let lock: SQL = "SELECT pg_advisory_xact_lock(hashtext('tenantry plans'))"

    private static func put(
        _ name: String, _ terms: PlanTerms, by instruction: Instruction, in transaction: borrowing Transaction
    ) throws -> (Plan, isNew: Bool) {
        let newest = try transaction.rows("SELECT \(Plan.columns) FROM plans WHERE name = \(name) ORDER BY version DESC LIMIT 1")
            .first.map(Plan.init)
        if let newest, newest.terms == terms { return (newest, false) }
        let rows = try transaction.flush([
            """
            INSERT INTO plans (name, version, limits, rates, features, price)
            SELECT \(name), \((newest?.key.version ?? 0) + 1), terms->'limits', terms->'rates', terms->'features', terms->'price'
            FROM CAST(\(terms.text) AS jsonb) AS terms RETURNING \(Plan.columns)
            """,
            "SELECT append_audit(\(instruction.actor), 'put_plan', \(name), \(instruction.reason), \(instruction.requestID))",
            Control.announcement(of: ""),
        ])[0]
        guard let plan = try rows.first.map(Plan.init) else { throw PostgresError.unexpected("A plan was not written.") }
        return (plan, true)
    }
}
