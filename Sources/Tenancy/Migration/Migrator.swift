import Foundation
import Logging
import Postgres
import Schema

/// Brings every schema of the installation up to what this binary carries: control, then each cell, then each tenant.
///
/// A version is recorded in the transaction that made it. Nothing is lost when a migrator dies, and several may run at once: each step takes
/// a lock, looks whether it is still to be done, and does it.
package struct Migrator: Sendable {
    let control: Control
    let identity: IdentityHolder
    let cells: Cells
    let directory: Directory
    let plans: PlanList
    let settings: InstallationSettings
    let locks: LockPatience
    let log: Logger

    /// Migrates whatever is behind. When nothing is, that is one query, however many tenants there are.
    ///
    /// A tenant that fails is closed for maintenance and named in the report; the others go on, and the next run tries it again. Throws when
    /// the control schema itself cannot be migrated.
    package func migrate(progress: @escaping @Sendable (MigrationProgress) -> Void = { _ in }) async throws -> MigrationReport {
        if try await isUpToDate() { return MigrationReport() }
        try await migrateControl()
        try await plans.takeOver(settings.plans)
        var report = MigrationReport()
        let identity = try await identity.establish()
        try await registerFirstCell(identity)
        for cell in try await control.rows("SELECT \(Cell.columns) FROM cells ORDER BY url NULLS FIRST, name").map(Cell.init) {
            do {
                try await prepare(cell, identity)
            } catch {
                log.error("A cell could not be migrated.", metadata: ["cell": "\(cell.name)", "error": "\(error.explained)"])
                report.failedCells.append(MigrationReport.Failure(name: cell.name, reason: error.explained))
            }
        }
        try await directory.load()
        try await migrateTenants(&report, progress)
        return report
    }

    /// How many tenants are behind; answers without changing anything.
    package func pendingTenants() async throws -> Int {
        try await control.rows("SELECT count(*) FROM tenants WHERE \(isBehind)").first?.int(0) ?? 0
    }

    /// One look at the control schema: is there anything to do?
    package func isUpToDate() async throws -> Bool {
        do {
            // A changed key changes the passwords of the login roles.
            let keyCheck = SQLValue.bytes(try await identity.identity().loginKeyCheck)
            let answer = try await control.rows(
                """
                SELECT (SELECT max(number) FROM migrations) >= \(settings.schema.control.latest)
                    AND EXISTS (SELECT FROM cells)
                    AND NOT EXISTS (
                        SELECT FROM cells WHERE schema_version < \(settings.schema.cell.latest) OR login_key_check IS DISTINCT FROM \(keyCheck))
                    AND NOT EXISTS (SELECT FROM tenants WHERE \(isBehind)) AND \(PlanList.hasTakenOver(settings.plans))
                """)
            return try answer.first?.optionalBool(0) ?? false
        } catch TenancyError.notReady {
            return false
        } catch let error as PostgresError where error.refusal?.state == .undefinedTable {
            return false
        }
    }

    /// Only what someone uses: an order that never came through starts with the newest files anyway.
    private var isBehind: SQL {
        "state NOT IN ('provisioning', 'deleted') AND (schema_version < \(settings.schema.tenant.latest) OR quarantined_reason IS NOT NULL)"
    }

    private func migrateControl() async throws {
        let ledger = Ledger(schema: Control.schema, pool: control.exclusive, connection: settings.ownerConnection, locks: locks)
        try await ledger.establish(as: "CREATE SCHEMA IF NOT EXISTS control")
        try await ledger.apply(settings.schema.control)
    }

    /// An installation begins with one cell in the database of its control schema.
    private func registerFirstCell(_ identity: InstallationIdentity) async throws {
        _ = try await control.rows(
            """
            INSERT INTO cells (name, login_role, tenants_role)
            SELECT 'main', \(identity.loginRole(of: "main")), \(identity.tenantsRole(of: "main"))
            WHERE NOT EXISTS (SELECT FROM cells WHERE url IS NULL)
            ON CONFLICT DO NOTHING
            """, isRepeatable: true)
    }

    /// Brings a cell's own schema and roles up to date.
    func prepare(_ cell: Cell, _ identity: InstallationIdentity) async throws {
        let isPasswordCurrent = cell.loginKeyCheck == identity.loginKeyCheck
        guard cell.schemaVersion < settings.schema.cell.latest || !isPasswordCurrent else { return }
        cells.learn([cell], identity: identity)
        try await cells.named(cell.name).probe()
        let opened = try cells.named(cell.name)
        let pool = opened.owner
        try await CellFoundation(cell: cell, identity: identity, pool: pool, locks: locks).lay(settingPassword: !isPasswordCurrent)
        let ledger = Ledger(schema: Cell.schema, pool: pool, connection: opened.ownerConnection, locks: locks)
        try await ledger.establish(as: nil)
        try await ledger.apply(settings.schema.cell)
        try await CellFoundation(cell: cell, identity: identity, pool: pool, locks: locks).sign()
        _ = try await control.rows(
            """
            UPDATE cells SET schema_version = greatest(schema_version, \(settings.schema.cell.latest)),
                login_key_check = \(SQLValue.bytes(identity.loginKeyCheck))
            WHERE name = \(cell.name)
            """, isRepeatable: true)
    }

    /// Every tenant that is behind, a few at a time.
    private func migrateTenants(_ report: inout MigrationReport, _ progress: @Sendable (MigrationProgress) -> Void) async throws {
        let all = try await control.rows("SELECT \(Tenant.columns) FROM tenants WHERE \(isBehind) ORDER BY slug").map(Tenant.init)
        for cell in Set(all.map(\.cell)).subtracting(report.failedCells.map(\.name)).sorted() {
            do {
                try await cells.named(cell).probe()
            } catch let error as PostgresError {
                report.failedCells.append(MigrationReport.Failure(name: cell, reason: error.explained))
            }
        }
        let behind = all.filter { tenant in !report.failedCells.contains { $0.name == tenant.cell } }
        guard !behind.isEmpty else { return }
        let membership = OwnersMembership(tenants: behind, cells: cells, locks: locks)
        try await membership.begin()
        do {
            try await migrate(behind, &report, progress)
        } catch {
            // Whatever ended it, cancellation included: the next migration takes up the memberships that cannot be given back now.
            try? await membership.end()
            throw error
        }
        try await membership.end()
        report.failed.sort { $0.name < $1.name }
        try await directory.refresh()
    }

    private func migrate(
        _ behind: [Tenant], _ report: inout MigrationReport, _ progress: @Sendable (MigrationProgress) -> Void
    ) async throws {
        let migration = TenantMigration(control: control, files: settings.schema.tenant, locks: locks)
        var waiting = behind.makeIterator()
        try await withThrowingTaskGroup(of: (Tenant, String?).self) { group in
            func startNext() throws {
                guard let tenant = waiting.next() else { return }
                let cell = try cells.named(tenant.cell)
                group.addTask { (tenant, try await migration.attempt(tenant, in: cell)) }
            }
            for _ in 0..<settings.migration.connections { try startNext() }
            while let (tenant, failure) = try await group.next() {
                if let failure {
                    log.error("A tenant could not be migrated.", metadata: ["tenant": "\(tenant.slug)", "error": "\(failure)"])
                    report.failed.append(MigrationReport.Failure(name: tenant.slug, reason: failure))
                } else {
                    report.done += 1
                }
                progress(MigrationProgress(done: report.done, failed: report.failed.count, total: behind.count, latest: tenant.slug))
                try startNext()
            }
        }
    }
}
