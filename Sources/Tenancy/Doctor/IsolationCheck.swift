import Postgres

/// Tries to reach tenants' data in every way that must fail, reads from the catalogue whether anyone was given a right too many, and whether the
/// directory leads each tenant to where it lives.
package struct IsolationCheck: Sendable {
    let directory: Directory
    let cells: Cells

    package struct Report: Sendable, Equatable {
        /// How many attempts were made.
        package var probed = 0
        /// What should have failed and did not, in words for an operator.
        package var failures: [String] = []
    }

    /// Every tenant is tried by the login role and by its neighbour; `progress` is told how many are, of how many. Throws when a cell cannot
    /// be reached.
    package func run(progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }) async throws -> Report {
        var report = Report()
        let all = directory.tenants.filter { $0.state.allowsReads && $0.quarantinedReason == nil }
        for cell in cells.opened.sorted(by: { $0.cell.name < $1.cell.name }) {
            let here = all.filter { $0.cell == cell.cell.name }
            let misled = try await misled(here, in: cell)
            report.failures += misled.map {
                "\(cell.cell.name): The directory leads \($0.slug) to \($0.schema) as \($0.role), where it does not live."
            }
            try await probe(here.filter { !misled.contains($0) }, in: cell, &report) {
                progress($0 / Self.attempts, all.count)
            }
            report.failures += try await givenRights(in: cell)
        }
        return report
    }

    /// How often each tenant is tried.
    private static let attempts = 3

    private func probe(
        _ tenants: [Tenant], in cell: OpenCell, _ report: inout Report, progress: @escaping @Sendable (_ probed: Int) -> Void
    ) async throws {
        var attempts = tenants.indices.makeIterator()
        try await withThrowingTaskGroup(of: [String].self) { group in
            func startNext() {
                guard let index = attempts.next() else { return }
                let (tenant, neighbour) = (tenants[index], tenants[(index + 1) % tenants.count])
                group.addTask { try await probe(tenant, by: neighbour, in: cell) }
            }
            for _ in 0..<16 { startNext() }
            while let failures = try await group.next() {
                report.probed += Self.attempts
                report.failures += failures
                progress(report.probed)
                startNext()
            }
        }
    }

    private func probe(_ tenant: Tenant, by neighbour: Tenant, in cell: OpenCell) async throws -> [String] {
        let foreign = SQL("SELECT 1 FROM \(identifier: tenant.schema).users LIMIT 1").prepared(.none)
        var failures: [String] = []
        if try await !isForbidden({ () async throws(PostgresError) in _ = try await cell.api.run(Unit([foreign], isRepeatable: true)) }) {
            failures.append("The login role \(cell.cell.loginRole) reads \(tenant.schema).")
        }
        if neighbour.id != tenant.id {
            let scope = TenantScope(neighbour, in: cell, Entitlements(plan: neighbour.plan))
            if try await !isForbidden({ () async throws(PostgresError) in _ = try await scope.rows(foreign) }) {
                failures.append("The tenant \(neighbour.slug) reads \(tenant.schema).")
            }
        }
        let own = try await TenantScope(tenant, in: cell, Entitlements(plan: tenant.plan)).rows("SELECT current_user, current_schema").first
        if try own?.text(0) != tenant.role || own?.text(1) != tenant.schema {
            failures.append("The scope of \(tenant.slug) acts as someone else.")
        }
        return failures
    }

    private func isForbidden(_ attempt: () async throws(PostgresError) -> Void) async throws(PostgresError) -> Bool {
        do {
            try await attempt()
            return false
        } catch  where error.refusal?.state == .insufficientPrivilege {
            return true
        }
    }

    /// Whose names in the directory are not those that the cell has written down.
    private func misled(_ tenants: [Tenant], in cell: OpenCell) async throws -> [Tenant] {
        let rows = try await cell.owner.transaction(preamble: [TenantScript.asOwner], namespace: Cell.schema) { transaction in
            try transaction.rows("SELECT id, schema, role FROM tenants")
        }
        let names = try Dictionary(uniqueKeysWithValues: rows.map { (try $0.uuid(0), [try $0.text(1), try $0.text(2)]) })
        // One that has just left the cell is led elsewhere in a moment.
        return tenants.filter { tenant in names[tenant.id].map { $0 != [tenant.schema, tenant.role] } ?? false }
    }

    /// What the catalogue says about rights on tenants' schemas and on what is in them, beside those of their own role.
    private func givenRights(in cell: OpenCell) async throws -> [String] {
        let rows = try await cell.owner.transaction(preamble: [TenantScript.asOwner], namespace: Cell.schema) { transaction in
            try transaction.rows(
                """
                SELECT 'The schema ' || n.nspname || ' belongs to ' || n.nspowner::regrole || '.'
                FROM tenants AS t JOIN pg_namespace AS n ON n.nspname = t.schema
                WHERE n.nspowner::regrole::text <> quote_ident(t.role)
                UNION ALL
                SELECT 'The schema ' || n.nspname || ' is open to ' || coalesce(nullif(a.grantee, 0)::regrole::text, 'everyone') || '.'
                FROM tenants AS t JOIN pg_namespace AS n ON n.nspname = t.schema, aclexplode(n.nspacl) AS a
                WHERE a.grantee <> n.nspowner
                UNION ALL
                SELECT c.oid::regclass || ' is open to ' || coalesce(nullif(a.grantee, 0)::regrole::text, 'everyone') || '.'
                FROM tenants AS t JOIN pg_namespace AS n ON n.nspname = t.schema JOIN pg_class AS c ON c.relnamespace = n.oid,
                    aclexplode(c.relacl) AS a
                WHERE a.grantee <> c.relowner OR c.relowner <> n.nspowner
                UNION ALL
                SELECT 'The role ' || r.rolname || ' is more than a tenant may be.'
                FROM tenants AS t JOIN pg_roles AS r ON r.rolname = t.role
                WHERE r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls
                UNION ALL
                SELECT 'The role ' || t.role || ' belongs to ' || m.roleid::regrole || '.'
                FROM tenants AS t JOIN pg_auth_members AS m ON m.member = to_regrole(quote_ident(t.role))
                WHERE m.roleid <> to_regrole(\(SQL.quoted(identifier: cell.cell.tenantsRole)))
                UNION ALL
                SELECT 'The role ' || m.member::regrole || ' may act as ' || t.role || '.'
                FROM tenants AS t JOIN pg_auth_members AS m ON m.roleid = to_regrole(quote_ident(t.role))
                WHERE m.member NOT IN (to_regrole(\(SQL.quoted(identifier: cell.cell.loginRole))), current_user::regrole)
                UNION ALL
                SELECT 'The login role ' || rolname || ' is more than it may be.'
                FROM pg_roles
                WHERE rolname = \(cell.cell.loginRole)
                    AND (rolsuper OR rolinherit OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls
                        OR NOT 'search_path=""' = ANY (coalesce(rolconfig, '{}')))
                UNION ALL
                SELECT 'The schema ' || nspname || ' is open to everyone.'
                FROM pg_namespace, aclexplode(nspacl) AS a
                WHERE nspname IN ('public', 'cell', 'control') AND a.grantee = 0
                UNION ALL
                SELECT 'The table ' || c.oid::regclass || ' is open to ' || coalesce(nullif(a.grantee, 0)::regrole::text, 'everyone') || '.'
                FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace, aclexplode(c.relacl) AS a
                WHERE n.nspname IN ('cell', 'control') AND c.relkind IN ('r', 'p', 'v', 'm') AND a.grantee <> c.relowner
                ORDER BY 1
                """)
        }
        return try rows.map { "\(cell.cell.name): \(try $0.text(0))" }
    }
}
