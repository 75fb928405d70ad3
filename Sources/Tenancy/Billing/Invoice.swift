import Foundation
import Postgres

/// What a tenant was billed for a period: a document that never changes once it has its number. That it is paid stands beside it.
package struct Invoice: Sendable, Hashable {
    package enum State: String, Sendable, CaseIterable {
        case open, paid
    }

    package let id: UUID
    package let number: String
    package let tenantID: UUID
    package let slug: String
    package let period: BillingPeriod
    package let currency: String
    package let issuedAt: Date
    /// `YYYY-MM-DD`
    package let dueOn: String
    package let seller: Party
    package let customer: Party
    package let lines: [Bill.Line]
    package let usage: UsageTotals
    /// Decimals with the digits of the currency.
    package let net: String
    /// Per cent.
    package let taxRate: String
    package let tax: String
    package let total: String
    package let paidAt: Date?

    package var state: State { paidAt == nil ? .open : .paid }

    /// Who stands on an invoice, and how.
    package struct Party: Sendable, Hashable, Codable {
        /// Name and address as they are printed.
        package var lines: [String]
        package var email: String?
        package var country: String?
        package var taxID: String?
        /// How to pay; the seller's.
        package var note: String?

        enum CodingKeys: String, CodingKey {
            case lines, email, country, note
            case taxID = "tax_id"
        }
    }

    /// What was used in the period: the most there was at the end of a day, and the sums of what was done.
    package struct UsageTotals: Sendable, Hashable, Codable {
        package let records: Int
        package let seats: Int
        package let storageBytes: Int
        package let mails: Int
        package let apiCalls: Int
        /// How many days were read.
        package let days: Int

        enum CodingKeys: String, CodingKey {
            case records, seats, mails, days
            case storageBytes = "storage_bytes"
            case apiCalls = "api_calls"
        }

        package init(_ readings: [MeterReading]) {
            records = readings.map(\.records).max() ?? 0
            seats = readings.map(\.seats).max() ?? 0
            storageBytes = readings.map(\.storageBytes).max() ?? 0
            mails = readings.map(\.mails).reduce(0, +)
            apiCalls = readings.map(\.apiCalls).reduce(0, +)
            days = readings.count
        }
    }

    static let columns: SQL = """
        i.id, i.number, i.tenant_id, t.slug, to_char(i.period, 'YYYY-MM'), i.currency, i.issued_at, to_char(i.due_on, 'YYYY-MM-DD'), i.seller,
        i.customer, i.lines, i.usage, i.net, i.tax_rate, i.tax, i.total, p.paid_at
        """
    static let source: SQL = "invoices AS i JOIN tenants AS t ON t.id = i.tenant_id LEFT JOIN payments AS p ON p.invoice_id = i.id"

    init(_ row: Row) throws(PostgresError) {
        id = try row.uuid(0)
        number = try row.text(1)
        tenantID = try row.uuid(2)
        slug = try row.text(3)
        let month = try row.text(4)
        guard let period = BillingPeriod(month) else { throw .unexpected("\"\(month)\" is no month.") }
        self.period = period
        currency = try row.text(5)
        issuedAt = try row.date(6)
        dueOn = try row.text(7)
        seller = try Self.read(row, 8)
        customer = try Self.read(row, 9)
        lines = try Self.read(row, 10)
        usage = try Self.read(row, 11)
        net = try row.text(12)
        taxRate = try row.text(13)
        tax = try row.text(14)
        total = try row.text(15)
        paidAt = try row.optionalDate(16)
    }

    private static func read<Value: Decodable>(_ row: Row, _ column: Int) throws(PostgresError) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(try row.text(column).utf8))
        } catch {
            throw .unexpected("An invoice's column \(column) does not read: \(error)")
        }
    }
}
