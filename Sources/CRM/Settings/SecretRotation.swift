import Postgres
import Records
import Tenancy

/// Seals every tenant's secrets anew after the installation's key was changed: the settings as they are, and every earlier version, to which
/// people may go back.
///
/// Each tenant is one transaction; whoever was done is passed over, so a rotation that was interrupted is simply begun again. It goes round
/// until nothing is left to do, since a change of settings at the same moment may bring an old seal back.
package struct SecretRotation: Sendable {
    private let installation: Installation

    package init(of installation: Installation) {
        self.installation = installation
    }

    package struct Report: Sendable, Equatable {
        /// Tenants that were looked at.
        package var tenants = 0
        /// Secrets that were sealed anew, earlier versions counted each.
        package var renewed = 0
        /// Secrets in force that no known key opens, as `acme mail.smtp.password`.
        package var lost: [String] = []
        /// Tenants that could not be looked at, and why.
        package var failed: [Failure] = []

        package struct Failure: Sendable, Equatable {
            package let tenant: String
            package let reason: String
        }

        package var isComplete: Bool { lost.isEmpty && failed.isEmpty }
    }

    /// The installation has been started; `progress` is told how many tenants are looked at, of how many. Throws when its directory cannot be
    /// read.
    package func run(progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }) async throws -> Report {
        var report = Report()
        repeat {
            let before = report.renewed
            (report.tenants, report.lost, report.failed) = (0, [], [])
            let tenants = installation.directory.tenants.filter(\.state.allowsReads)
            for tenant in tenants {
                try await renew(tenant, &report)
                progress(report.tenants + report.failed.count, tenants.count)
            }
            if report.renewed == before { return report }
        } while true
    }

    private func renew(_ tenant: Tenant, _ report: inout Report) async throws {
        do {
            let key = try await installation.key(of: tenant)
            let (renewed, lost) = try await installation.directory.scope(for: tenant).transaction { transaction in
                try Self.renew(with: key, transaction)
            }
            report.tenants += 1
            report.renewed += renewed
            report.lost += lost.map { "\(tenant.slug) \($0)" }
        } catch let error as PostgresError {
            if case .cancelled = error { throw error }
            report.failed.append(.init(tenant: tenant.slug, reason: error.reason))
        } catch let error as TenancyError {
            report.failed.append(.init(tenant: tenant.slug, reason: error.message))
        }
    }

    private static func renew(with key: TenantKey, _ transaction: borrowing Transaction) throws -> (renewed: Int, lost: [String]) {
        let found = try transaction.flush([
            "SELECT document FROM settings FOR UPDATE",
            "SELECT version, document FROM settings_history WHERE document::text LIKE '%\"sealed\"%'",
        ])
        var updates: [SQL] = []
        var (count, lost) = (0, [String]())
        for row in found[0] {
            let renewed = try SettingsDocument(parsing: row.text(0)).renewed(with: key)
            if renewed.count > 0 { updates.append("UPDATE settings SET document = \(renewed.document.stored.text)::jsonb") }
            count += renewed.count
            lost += renewed.lost
        }
        for row in found[1] {
            let renewed = try SettingsDocument(parsing: row.text(1)).renewed(with: key)
            guard renewed.count > 0 else { continue }
            updates.append(
                "UPDATE settings_history SET document = \(renewed.document.stored.text)::jsonb WHERE version = \(try row.int(0))")
            count += renewed.count
        }
        if !updates.isEmpty { _ = try transaction.flush(updates) }
        return (count, lost)
    }
}
