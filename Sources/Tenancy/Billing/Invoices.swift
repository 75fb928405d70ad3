import Foundation
import Postgres
import Recurrence
import Secrets

/// Makes invoices and finds them.
package struct Invoices: Sendable {
    let control: Control
    let terms: BillingTerms

    /// Why no invoice is made.
    package enum Refusal: Error, Sendable, Equatable {
        /// The settings do not say who bills.
        case noSeller
        /// The month has not ended yet (UTC).
        case periodNotOver(BillingPeriod)

        package var message: String {
            switch self {
            case .noSeller: "Nobody is named who bills. Set `billing.seller`: the firm's name, then its address."
            case .periodNotOver(let period): "\(period.text) has not ended yet; it is billed from \(period.next.first.text) on."
            }
        }
    }

    /// The tenant's invoices of a period, one for each currency: those that are there, and those that this call has made. None for a period in
    /// which nothing was to be paid, and for test tenants.
    ///
    /// Any number of processes may do this at once, and any of them may be killed: the number is taken in the transaction that writes the
    /// invoice, so none is missing and none stands twice. Throws `Refusal`.
    package func issue(_ tenant: Tenant, _ period: BillingPeriod, by instruction: Instruction) async throws -> [(
        invoice: Invoice, isNew: Bool
    )] {
        guard !terms.seller.isEmpty else { throw Refusal.noSeller }
        let terms = terms
        return try await control.transaction { transaction in
            let found = try transaction.flush([
                "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
                Standing.all(of: tenant.id), Metering.readings(of: tenant.id, in: period),
                """
                SELECT DISTINCT \(Plan.columns) FROM plans JOIN standings ON plan = name AND plan_version = version
                WHERE tenant_id = \(tenant.id)
                """,
                "SELECT \(BillingAccount.columns) FROM billing_accounts WHERE tenant_id = \(tenant.id)",
            ])
            guard let today = try found[0].first.map({ row throws(PostgresError) in try CivilDate(row, 0) }), today > period.last else {
                throw Refusal.periodNotOver(period)
            }
            guard !tenant.isTest else { return [] }
            let readings = try found[2].map { row throws(PostgresError) in try MeterReading(row) }
            let plans = try found[3].map { row throws(PostgresError) in try Plan(row) }
            let account = try found[4].first.map { row throws(PostgresError) in try BillingAccount(row) } ?? BillingAccount()
            let bills = Bill.all(
                for: period, readings, try found[1].map { row throws(PostgresError) in try Standing(row) },
                prices: Dictionary(plans.map { ($0.key, $0.terms.price) }) { first, _ in first }, isCollected: account.isCollected)
            let document = Document(
                tenant: tenant, period: period, customer: account.party(of: tenant, terms), usage: Invoice.UsageTotals(readings),
                today: today)
            return try bills.map { try Self.issue($0, document, terms, instruction, in: transaction) }
        }
    }

    /// What all invoices of a tenant for a period share.
    private struct Document {
        let tenant: Tenant
        let period: BillingPeriod
        let customer: Invoice.Party
        let usage: Invoice.UsageTotals
        let today: CivilDate
    }

    private static func issue(
        _ bill: Bill, _ document: Document, _ terms: BillingTerms, _ instruction: Instruction, in transaction: borrowing Transaction
    ) throws -> (Invoice, isNew: Bool) {
        let (tenant, period) = (document.tenant, document.period)
        let range = "\(terms.numberPrefix)\(document.today.parts.year)"
        let known: SQL = """
            SELECT \(Invoice.columns) FROM \(Invoice.source)
            WHERE i.tenant_id = \(tenant.id) AND i.period = \(period.first.text)::date AND i.currency = \(bill.currency)
            """
        // With the range locked nobody else makes one: what is there is there, and the next number is ours or comes back.
        let looked = try transaction.flush([
            "INSERT INTO invoice_ranges (name) VALUES (\(range)) ON CONFLICT DO NOTHING",
            "SELECT last FROM invoice_ranges WHERE name = \(range) FOR UPDATE", known,
        ])
        if let row = looked[2].first { return (try Invoice(row), false) }
        guard let last = try looked[1].first?.int(0) else { throw PostgresError.unexpected("A range of numbers is missing.") }
        let place = last + 1
        let number = "\(range)-" + String(repeating: "0", count: max(0, 6 - String(place).count)) + String(place)
        let rate = document.customer.country.flatMap { terms.taxRates[$0] } ?? ExactDecimal(units: 0, scale: 0)
        let tax = bill.tax(rate)
        let seller = Invoice.Party(lines: terms.seller, country: terms.country, taxID: terms.sellerTaxID, note: terms.note)
        let written = try transaction.flush([
            "UPDATE invoice_ranges SET last = \(place) WHERE name = \(range)",
            """
            INSERT INTO invoices (id, number, range, place, tenant_id, period, currency, issued_at, due_on, seller, customer, lines, usage,
                net, tax_rate, tax, total)
            VALUES (\(UUID.v7()), \(number), \(range), \(place), \(tenant.id), \(period.first.text), \(bill.currency), now(),
                \(document.today.adding(days: terms.paymentDays).text), \(try text(seller))::jsonb, \(try text(document.customer))::jsonb,
                \(try text(bill.lines))::jsonb, \(try text(document.usage))::jsonb, \(bill.net.text), \(rate.shortest.text), \(tax.text),
                \((bill.net + tax).text))
            """,
            "SELECT append_audit(\(instruction.actor), 'issue_invoice', \(tenant.slug), \(number), \(instruction.requestID))",
            known,
        ])
        guard let row = written[3].first else { throw PostgresError.unexpected("An invoice was not written.") }
        return (try Invoice(row), true)
    }

    private static func text(_ value: some Encodable) throws -> String {
        String(decoding: try JSONEncoder.sorted.encode(value), as: UTF8.self)
    }

    /// A tenant's, the newest first; those before `last`, if given.
    package func page(of tenant: UUID, before last: UUID? = nil, limit: Int) async throws -> [Invoice] {
        try await control.rows(
            """
            SELECT \(Invoice.columns) FROM \(Invoice.source)
            WHERE i.tenant_id = \(tenant) AND (\(last)::uuid IS NULL OR i.id < \(last)::uuid) ORDER BY i.id DESC LIMIT \(limit)
            """
        ).map { row throws(PostgresError) in try Invoice(row) }
    }

    /// One of a tenant's, by its id; nil for one of another's and for one that does not exist.
    package func find(_ id: UUID, of tenant: UUID) async throws -> Invoice? {
        try await control.rows("SELECT \(Invoice.columns) FROM \(Invoice.source) WHERE i.id = \(id) AND i.tenant_id = \(tenant)").first
            .map { row throws(PostgresError) in try Invoice(row) }
    }

    /// How many of a tenant's invoices are not paid.
    package func openCount(of tenant: UUID) async throws -> Int {
        try await control.rows(
            "SELECT count(*) FROM invoices AS i LEFT JOIN payments AS p ON p.invoice_id = i.id WHERE i.tenant_id = \(tenant) AND p.invoice_id IS NULL"
        ).first?.int(0) ?? 0
    }

    /// Says that an invoice is paid; the first word counts, and a second one changes nothing. Answers whether this was the first.
    ///
    /// - Parameters:
    ///   - way: `operator`, or the payment provider's name.
    ///   - reference: by which the payment is found there.
    package func settle(_ id: UUID, of tenant: Tenant, way: String, reference: String, by instruction: Instruction) async throws -> Bool {
        let answers = try await control.run([
            """
            WITH paid AS (
                INSERT INTO payments (invoice_id, way, reference) SELECT id, \(way)::text, \(reference)::text
                FROM invoices WHERE id = \(id) AND tenant_id = \(tenant.id)
                ON CONFLICT DO NOTHING RETURNING invoice_id
            )
            SELECT append_audit(\(instruction.actor), 'settle_invoice', \(tenant.slug),
                \(instruction.reason ?? reference)::text || ' (' || number || ')', \(instruction.requestID))
            FROM paid JOIN invoices ON invoices.id = paid.invoice_id
            """
        ])
        return !answers[0].isEmpty
    }
}

extension Installation {
    package var invoices: Invoices { Invoices(control: control, terms: settings.billing) }
}
