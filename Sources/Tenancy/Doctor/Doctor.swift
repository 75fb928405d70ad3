import Foundation
import Postgres

/// Looks whether everything an installation stands on is as it should be, and says what to do where it is not.
package struct Doctor: Sendable {
    let installation: Installation

    /// One thing looked at.
    package struct Finding: Sendable, Equatable {
        /// What was looked at and how it is, in a sentence.
        package let what: String
        package let isFine: Bool
        /// What to do about it; nil when it is fine.
        package let advice: String?

        static func fine(_ what: String) -> Finding { Finding(what: what, isFine: true, advice: nil) }
        static func wrong(_ what: String, _ advice: String) -> Finding { Finding(what: what, isFine: false, advice: advice) }
    }

    /// Everything that can be looked at; changes nothing (a file is put and taken away again). What cannot be reached is a finding, not an error.
    ///
    /// `progress` is told in words what is being looked at.
    package func examine(progress: @escaping @Sendable (String) -> Void = { _ in }) async -> [Finding] {
        progress("the database ...")
        var findings = await ownersFindings()
        guard findings.allSatisfy({ $0.what != Self.unreachable }) else { return findings }
        findings += await schemaFindings()
        for cell in installation.cells.opened.sorted(by: { $0.cell.name < $1.cell.name }) {
            progress("cell \(cell.cell.name) ...")
            findings += await cellFindings(cell)
        }
        findings += await tenantFindings(progress)
        findings.append(await blobFinding())
        return findings
    }

    private static let unreachable = "The database does not answer."

    /// The server and the role we come as.
    private func ownersFindings() async -> [Finding] {
        do {
            let before = Date.now
            guard
                let row = try await installation.control.rows(
                    """
                    SELECT current_setting('server_version_num')::integer, current_setting('server_version'), clock_timestamp(),
                        rolcreaterole, rolsuper, has_database_privilege(current_database(), 'CREATE'), current_user,
                        current_setting('max_connections')::integer, current_setting('fsync')::boolean
                    FROM pg_roles WHERE rolname = current_user
                    """
                ).first
            else { throw PostgresError.unexpected("The owner's role is not in pg_roles.") }
            let version = try row.text(1)
            let skew = abs(try row.date(2).timeIntervalSince(before.addingTimeInterval(Date.now.timeIntervalSince(before) / 2)))
            let owner = try row.text(6)
            let wanted = connectionsWanted
            return [
                try row.int(0) >= 150_000
                    ? .fine("PostgreSQL \(version) answers.")
                    : .wrong("PostgreSQL \(version) answers.", "Version 15 is the oldest this program knows; upgrade the server."),
                skew < 2
                    ? .fine("The database's clock and ours agree.")
                    : .wrong("The database's clock is \(Int(skew)) s away from ours.", "Run a time service on both machines."),
                try row.bool(3) || row.bool(4)
                    ? .fine("The owner \"\(owner)\" may create roles.")
                    : .wrong("The owner \"\(owner)\" may not create roles.", "ALTER ROLE \(SQL.quoted(identifier: owner)) CREATEROLE;"),
                try !row.bool(4)
                    ? .fine("The owner is no superuser.")
                    : .wrong("The owner \"\(owner)\" is a superuser.", "It needs LOGIN and CREATEROLE only, and to own the database."),
                try row.bool(5)
                    ? .fine("The owner may create schemas.")
                    : .wrong("The owner may not create schemas.", "Make \"\(owner)\" the owner of the database."),
                try row.int(7) > wanted
                    ? .fine("The server allows enough connections.")
                    : .wrong(
                        "The server allows \(try row.int(7)) connections; this process alone may want \(wanted).",
                        "Raise max_connections, or put PgBouncer in transaction mode in between."),
                try row.bool(8)
                    ? .fine("The server waits until commits are on disk.")
                    : .wrong("fsync is off: a crash of the machine loses everything.", "Turn it on, unless this is only for tests."),
            ]
        } catch {
            return [.wrong(Self.unreachable, "Check database_url and that the server runs: \(error.explained)")]
        }
    }

    private var connectionsWanted: Int {
        let settings = installation.settings
        let perCell =
            settings.api.connections + settings.work.connections + settings.migration.connections + settings.provisioning.connections
        return 2 * settings.control.connections + perCell + 1
    }

    /// The only look that writes: a few bytes, and takes them away again.
    private func blobFinding() async -> Finding {
        do {
            try await installation.blobs.probe()
            return .fine("Files are kept in \(installation.blobs.place).")
        } catch {
            return .wrong("Files cannot be kept in \(installation.blobs.place): \(error)", "Check the settings blobs.*.")
        }
    }

    private func schemaFindings() async -> [Finding] {
        do {
            try await installation.start()
            let isCurrent = try await installation.migrator.isUpToDate()
            let key: Finding =
                installation.settings.key != nil
                ? .fine("A secret_key is configured.")
                : .wrong(
                    "No secret_key is configured: the one in use is kept in the database it protects.",
                    "Configure secret_key in every process. That gives the login roles new passwords: run `tenantry migrate` then.")
            return [
                isCurrent
                    ? .fine("Every schema is up to date.")
                    : .wrong("Some schema is older than this program.", "Run `tenantry migrate`."),
                key,
            ]
        } catch {
            return [.wrong("The control schema cannot be read.", error.explained)]
        }
    }

    private func cellFindings(_ cell: OpenCell) async -> [Finding] {
        let name = cell.cell.name
        do {
            let row = try await cell.api.run(Unit(["SELECT current_user, current_setting('search_path')"], isRepeatable: true)).first?.first
            guard let row, try row.text(0) == cell.cell.loginRole, try ["", "\"\""].contains(row.text(1)) else {
                return [.wrong("The login role of cell \(name) is not as it should be.", "Run `tenantry migrate`.")]
            }
        } catch {
            return [
                .wrong(
                    "Cell \(name) does not let its login role in: \(error.explained)",
                    "Check pg_hba.conf for the role \(cell.cell.loginRole), and whether secret_key is the one the cell was migrated with.")
            ]
        }
        let count = installation.directory.tenants.filter { $0.cell == name }.count
        return [
            .fine("Cell \(name) answers to its login role."),
            count < cell.cell.tenantLimit * 9 / 10
                ? .fine("Cell \(name) has \(count) of \(cell.cell.tenantLimit) tenants.")
                : .wrong("Cell \(name) has \(count) of \(cell.cell.tenantLimit) tenants.", "Add a cell soon: `tenantry cell add`."),
        ]
    }

    private func tenantFindings(_ progress: @escaping @Sendable (String) -> Void) async -> [Finding] {
        let quarantined = installation.directory.tenants.filter { $0.quarantinedReason != nil }
        var findings = quarantined.map { tenant in
            Finding.wrong(
                "The tenant \(tenant.slug) is closed for maintenance: \(tenant.quarantinedReason ?? "")",
                "Mend the cause, then run `tenantry migrate` again.")
        }
        if findings.isEmpty { findings.append(.fine("No tenant is closed for maintenance.")) }
        do {
            let report = try await installation.isolation.run { progress("\($0) of \($1) tenants") }
            findings += report.failures.map {
                .wrong(
                    $0,
                    "Take the right back, which nobody but the tenant's own role may have; correct names in control.tenants by those in cell.tenants."
                )
            }
            if report.failures.isEmpty {
                findings.append(.fine("\(report.probed) attempts to reach other tenants' data failed, as they must."))
            }
        } catch {
            findings.append(.wrong("Whether tenants are kept apart could not be looked at.", error.explained))
        }
        return findings
    }
}
