import Foundation
import Postgres
import Recurrence

/// Whom a tenant's invoices are addressed to, and what the payment provider knows of it.
package struct BillingAccount: Sendable, Hashable {
    /// Nil: as the tenant is called, and to its first person.
    package var name: String?
    package var email: String?
    package var address = Address()
    /// ISO 3166; decides the rate of tax.
    package var country: String?
    /// The tenant's number for tax.
    package var taxID: String?
    package internal(set) var customerID: String?
    package internal(set) var subscription: Subscription?
    package internal(set) var version = 0
    /// From which day to which the provider collects; nil in `until`: still.
    var collectedFrom: CivilDate?
    var collectedUntil: CivilDate?

    package struct Address: Sendable, Hashable, Codable {
        package var street: String?
        package var postalCode: String?
        package var city: String?
        package var region: String?

        enum CodingKeys: String, CodingKey {
            case street, city, region
            case postalCode = "postal_code"
        }

        package init() {}
    }

    /// A subscription as it was when it was last read from the provider.
    package struct Subscription: Sendable, Hashable, Codable {
        package let id: String
        package let status: Status
        /// The plan it pays for; nil when its price is none of ours.
        package let plan: String?
        package let seats: Int?
        /// Until when it is paid, in seconds after 1970.
        package let periodEnd: Int?
        package let endsAtPeriodEnd: Bool

        package init(id: String, status: Status, plan: String?, seats: Int?, periodEnd: Int?, endsAtPeriodEnd: Bool) {
            self.id = id
            self.status = status
            self.plan = plan
            self.seats = seats
            self.periodEnd = periodEnd
            self.endsAtPeriodEnd = endsAtPeriodEnd
        }
    }

    /// The provider's words.
    package enum Status: String, Sendable, Hashable, Codable, CaseIterable {
        case incomplete, trialing, active, unpaid, canceled, paused
        case incompleteExpired = "incomplete_expired"
        case pastDue = "past_due"

        /// Whether the provider collects for it.
        package var isLive: Bool {
            switch self {
            case .trialing, .active, .pastDue, .unpaid: true
            case .incomplete, .incompleteExpired, .canceled, .paused: false
            }
        }
    }

    package init() {}

    func isCollected(_ day: CivilDate) -> Bool {
        guard let collectedFrom, day >= collectedFrom else { return false }
        return collectedUntil.map { day < $0 } ?? true
    }

    static let columns: SQL = """
        name, email, address, country, tax_id, customer_id, subscription, version, to_char(collected_from, 'YYYY-MM-DD'),
        to_char(collected_until, 'YYYY-MM-DD')
        """

    init(_ row: Row) throws(PostgresError) {
        name = row.optionalText(0)
        email = row.optionalText(1)
        country = row.optionalText(3)
        taxID = row.optionalText(4)
        customerID = row.optionalText(5)
        version = try row.int(7)
        collectedFrom = row.optionalText(8).flatMap { CivilDate($0) }
        collectedUntil = row.optionalText(9).flatMap { CivilDate($0) }
        do {
            address = try JSONDecoder().decode(Address.self, from: Data(try row.text(2).utf8))
            subscription = try row.optionalText(6).map { try JSONDecoder().decode(Subscription.self, from: Data($0.utf8)) }
        } catch {
            throw .unexpected("A billing account does not read: \(error)")
        }
    }

    /// How the tenant stands on an invoice.
    func party(of tenant: Tenant, _ terms: BillingTerms) -> Invoice.Party {
        let place = [[address.postalCode, address.city].compactMap(\.self).joined(separator: " "), address.region ?? ""]
        let country = country ?? terms.country
        let lines = [name ?? tenant.name, address.street ?? ""] + place + [country ?? ""]
        return Invoice.Party(lines: lines.filter { !$0.isEmpty }, email: email ?? tenant.adminEmail, country: country, taxID: taxID)
    }
}

/// Billing accounts in the control schema.
package struct BillingAccounts: Sendable {
    let control: Control

    /// One that was never written is empty.
    package func find(_ tenant: UUID) async throws -> BillingAccount {
        try await control.rows("SELECT \(BillingAccount.columns) FROM billing_accounts WHERE tenant_id = \(tenant)").first
            .map { row throws(PostgresError) in try BillingAccount(row) } ?? BillingAccount()
    }

    /// Writes whom invoices are addressed to; what the provider knows stays.
    package func put(_ account: BillingAccount, of tenant: UUID) async throws -> BillingAccount {
        let address = String(decoding: try JSONEncoder.sorted.encode(account.address), as: UTF8.self)
        let rows = try await control.rows(
            """
            INSERT INTO billing_accounts AS known (tenant_id, name, email, address, country, tax_id)
            VALUES (\(tenant), \(account.name), \(account.email), \(address)::jsonb, \(account.country), \(account.taxID))
            ON CONFLICT (tenant_id) DO UPDATE
            SET name = excluded.name, email = excluded.email, address = excluded.address, country = excluded.country,
                tax_id = excluded.tax_id, version = known.version + 1, updated_at = now()
            RETURNING \(BillingAccount.columns)
            """, isRepeatable: false)
        guard let row = rows.first else { throw PostgresError.unexpected("A billing account was not written.") }
        return try BillingAccount(row)
    }
}

extension JSONEncoder {
    /// The same value is always the same text.
    static var sorted: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}

extension Installation {
    package var billingAccounts: BillingAccounts { BillingAccounts(control: control) }
}
