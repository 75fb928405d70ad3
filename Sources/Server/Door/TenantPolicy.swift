import CRM
import Foundation
import Postgres
import Records
import Recurrence
import Tenancy

/// What a tenant's settings say about each of its requests: looked up together with the credential, and forgotten together with it.
package struct TenantPolicy: Sendable {
    /// From where people and keys get in; empty: from anywhere.
    let allowedAddresses: [AddressRange]
    /// Whether PATCH and DELETE need If-Match.
    let requiresIfMatch: Bool
    let passwordMinimum: Int
    /// Nil: as long as the installation's own setting says.
    let sessionHours: Int?
    package let timeZone: String
    package let currency: String
    /// `MM-DD`
    let fiscalYearStart: String
    /// What a test tenant's clock shows; nil in real time.
    let clock: Date?

    /// What holds where nothing was decided.
    static let standard = TenantPolicy(SettingsDocument())

    init(_ settings: SettingsDocument) {
        allowedAddresses = (settings["security.ip_allow"].elements ?? []).compactMap { $0.string.flatMap { AddressRange($0) } }
        requiresIfMatch = settings["security.require_if_match"].bool ?? false
        passwordMinimum = settings["security.password_min"].integer ?? 0
        sessionHours = settings["security.session_hours"].integer
        timeZone = settings["time_zone"].string ?? ""
        currency = settings["currency"].string ?? ""
        fiscalYearStart = settings["fiscal_year_start"].string ?? ""
        clock = settings.stored["clock"]?.string.flatMap { Double($0) }.map { Date(timeIntervalSince1970: $0) }
    }

    /// The day in the tenant's zone, `YYYY-MM-DD`.
    func today(_ now: Date? = nil) -> String {
        let now = now ?? clock ?? .now
        return String((LocalTime.text(of: now, in: timeZone) ?? CivilMoment(utc: now).minuteText).prefix(10))
    }

    /// As an expression: the part of the settings that is read here.
    static let column: SQL = """
        (SELECT jsonb_build_object('security', document->'security', 'time_zone', document->'time_zone', 'currency', document->'currency',
            'fiscal_year_start', document->'fiscal_year_start', 'clock', extract(epoch FROM \(TenantClock.setting))::text)
        FROM settings)
        """

    static func of(_ scope: TenantScope) async throws -> TenantPolicy {
        let rows = try await scope.rows("SELECT \(column)")
        return try rows.first.map { try TenantPolicy(SettingsDocument(parsing: $0.text(0))) } ?? .standard
    }

    /// Refuses with `.forbidden` whoever comes from elsewhere.
    func admit(_ address: String) throws(Problem) {
        guard allowedAddresses.isEmpty || allowedAddresses.contains(where: { $0.contains(address) }) else {
            throw Problem(.forbidden, "This account lets nobody in from your address (\(address)); its administrators decide from where.")
        }
    }
}

extension Call {
    /// As `precondition`, where a tenant may demand one: refuses with `.preconditionRequired`.
    func precondition(of person: Person) throws(Problem) -> Precondition? {
        let precondition = try precondition
        guard precondition != nil || !person.policy.requiresIfMatch else {
            throw Problem(.preconditionRequired, "This account wants If-Match on every change: send the ETag that you read.")
        }
        return precondition
    }
}
