import Foundation
import Postgres
import Recurrence
import Secrets
import Support
import Testing

@testable import Tenancy

@Suite("Metering and invoices") struct InvoiceTests {
    private static func terms(_ change: (inout BillingTerms) -> Void = { _ in }) -> BillingTerms {
        var terms = BillingTerms()
        terms.seller = ["Tenantry Ltd", "Harbour 1", "20457 Hamburg"]
        terms.country = "DE"
        terms.taxRates = ["DE": ExactDecimal(units: 19, scale: 0), "CH": ExactDecimal(units: 81, scale: 1)]
        change(&terms)
        return terms
    }

    /// Rows of the directory alone: billing needs no schema.
    private static func tenants(_ count: Int, in installation: Installation, plan: String = "team") async throws -> [Tenant] {
        let slugs = (0..<count).map { "firm-\($0)-\(hex(RandomBytes.make(3)))" }
        _ = try await installation.control.run([
            """
            INSERT INTO tenants (id, slug, name, cell, state, plan, plan_version, fingerprint, admin_id, admin_email, created_at)
            SELECT gen_random_uuid(), slug, slug, 'main', 'active', \(plan), 1, '', gen_random_uuid(), 'ada@example.com', '2019-12-31T12:00Z'
            FROM unnest(\(slugs)::text[]) AS slug
            """
        ])
        var tenants: [Tenant] = []
        for slug in slugs { tenants.append(try #require(try await installation.directory.find(slug: slug))) }
        return tenants
    }

    private static func readings(_ period: BillingPeriod, seats: (Int) -> Int) -> [MeterReading] {
        period.days.enumerated().map { place, day in
            MeterReading(day: day, records: 100 + place, seats: seats(place), storageBytes: 1000, mails: place, apiCalls: 10)
        }
    }

    private static func day(_ text: String) -> Date { Date(timeIntervalSince1970: Double((CivilDate(text) ?? .first).number) * 86_400) }

    @Test("Decimals are exact and rounded half to even") func decimals() throws {
        #expect(ExactDecimal("12.00")?.text == "12.00" && ExactDecimal("-0.05")?.text == "-0.05" && ExactDecimal("7")?.text == "7")
        for text in ["", ".", "1.", ".5", "1,5", "1e3", "--1", "1 ", "0x1", "1234567890123456"] {
            #expect(ExactDecimal(text) == nil, "\(text)")
        }
        for (value, rounded) in [
            ("0.125", "0.12"), ("0.135", "0.14"), ("-0.125", "-0.12"), ("-0.135", "-0.14"), ("2.675", "2.68"), ("0.1251", "0.13"),
        ] {
            #expect(ExactDecimal(value)?.rounded(to: 2).text == rounded, "\(value)")
        }
        #expect(ExactDecimal(155, over: 31, scale: 10).shortest.text == "5")
        #expect(ExactDecimal(1, over: 3, scale: 10).text == "0.3333333333" && ExactDecimal(2, over: 3, scale: 10).text == "0.6666666667")
        #expect(
            (try #require(ExactDecimal("999999999999999.9999")) * ExactDecimal(units: 10_000_000_000, scale: 10)).rounded(to: 4).text
                == "999999999999999.9999")
    }

    @Test("A full month is seats times price; a change of plan in the middle makes two lines, by days") func proration() throws {
        let period = try #require(BillingPeriod("2026-04"))
        let (team, business) = (PlanKey(name: "team", version: 1), PlanKey(name: "business", version: 2))
        let prices = [
            team: PlanPrice(amount: "12.00", currency: "EUR"), business: PlanPrice(amount: "290.00", currency: "EUR", per: .tenant),
        ]
        let since = Standing(since: Self.day("2026-01-01"), state: .active, plan: team)
        let change = Standing(since: Self.day("2026-04-21").addingTimeInterval(-1), state: .active, plan: business)

        let full = Bill.all(for: period, Self.readings(period) { _ in 5 }, [since], prices: prices)
        let split = Bill.all(for: period, Self.readings(period) { $0 < 10 ? 3 : 6 }, [since, change], prices: prices)

        #expect(full.map(\.net.text) == ["60.00"] && full[0].lines.map(\.quantity) == ["5"] && full[0].lines[0].unitPrice == "12.00")
        // 10 days of 3 and 9 of 6 people; the day of the change belongs to the new plan.
        #expect(split[0].lines.map(\.days) == [84, 11])
        #expect(split[0].lines.map(\.quantity) == ["2.8", "0.3666666667"])
        #expect(split[0].lines.map(\.amount) == ["33.60", "106.33"] && split[0].net.text == "139.93")
        #expect(
            split[0].lines.map(\.from) == ["2026-04-01", "2026-04-20"] && split[0].lines.map(\.to) == ["2026-04-19", "2026-04-30"]
                || split[0].lines.map(\.to) == ["2026-04-19", "2026-04-30"])
    }

    @Test("Trials, the grace after them, suspensions and days that the provider collects cost nothing") func freeDays() throws {
        let team = PlanKey(name: "team", version: 1)
        func standing(_ day: String, _ state: TenantState) -> Standing { Standing(since: Self.day(day), state: state, plan: team) }
        let neverPaid = [standing("2026-03-01", .trial), standing("2026-03-10", .pastDue), standing("2026-03-20", .suspended)]
        let late = [standing("2026-03-01", .active), standing("2026-03-10", .pastDue), standing("2026-03-20", .suspended)]
        let period = try #require(BillingPeriod("2026-03"))
        let prices = [team: PlanPrice(amount: "31.00", currency: "EUR")]
        let readings = Self.readings(period) { _ in 1 }

        #expect(Bill.all(for: period, readings, neverPaid, prices: prices) == [])
        #expect(Bill.all(for: period, readings, late, prices: prices).map(\.net.text) == ["19.00"])
        let collected = Bill.all(for: period, readings, late, prices: prices) { $0.text >= "2026-03-05" }
        #expect(collected.map(\.net.text) == ["4.00"])
        #expect(Bill.all(for: period, readings, late, prices: [team: PlanPrice(amount: "0.00", currency: "EUR")]) == [])
        #expect(Bill.all(for: period, [], late, prices: prices) == [])
    }

    @Test("Invoices over random histories are what SQL makes of the same rows, to the cent") func recomputed() async throws {
        try await withInstallation { installation in
            var random = SplitMix64(seed: 20_261_129)
            let invoices = Invoices(control: installation.control, terms: Self.terms())
            let plans: [(String, PlanPrice)] = [
                ("gold", PlanPrice(amount: "12.45", currency: "EUR")), ("silver", PlanPrice(amount: "0.07", currency: "EUR")),
                ("flat", PlanPrice(amount: "499.99", currency: "EUR", per: .tenant)), ("yen", PlanPrice(amount: "1250", currency: "JPY")),
                ("dinar", PlanPrice(amount: "3.335", currency: "KWD")), ("gift", PlanPrice(amount: "0.00", currency: "EUR")),
            ]
            for (name, price) in plans {
                _ = try await installation.plans.put(
                    name, PlanTerms(limits: [:], rates: [:], features: [:], price: price), by: .test)
            }
            let tenants = try await Self.tenants(4, in: installation)
            let periods = (0..<72).map {
                BillingPeriod("\(2020 + $0 / 12)-" + String(101 + $0 % 12).suffix(2)) ?? BillingPeriod(of: .first)
            }
            for tenant in tenants {
                try await Self.invent(tenant, plans.map(\.0), periods, &random, installation)
                if tenant == tenants[1] {
                    var account = BillingAccount()
                    account.country = "CH"
                    _ = try await installation.billingAccounts.put(account, of: tenant.id)
                }
            }

            var made = 0
            for tenant in tenants {
                for period in periods { made += try await invoices.issue(tenant, period, by: .test).count }
            }

            let differing = try await installation.control.rows(Self.recomputation, isRepeatable: true)
            let shown = differing.prefix(5).map { row in (0..<8).map { row.optionalText($0) ?? "none" }.joined(separator: " ") }
            #expect(shown == [])
            #expect(made > 250)
            let sums = try await installation.control.rows(
                """
                SELECT count(*), count(DISTINCT currency), max(jsonb_array_length(lines)),
                    bool_and(net = (SELECT sum((line ->> 'amount')::numeric) FROM jsonb_array_elements(lines) AS line)),
                    count(DISTINCT tax_rate) FROM invoices
                """)
            #expect(try sums[0].int(0) == made && sums[0].int(1) == 3 && sums[0].int(2) > 5 && sums[0].bool(3) && sums[0].int(4) == 2)
            print("\(made) invoices over random histories agree with SQL to the cent.")
        }
    }

    /// States and plans that change at any second, people who come and go, days on which nobody looked.
    private static func invent(
        _ tenant: Tenant, _ plans: [String], _ periods: [BillingPeriod], _ random: inout SplitMix64, _ installation: Installation
    ) async throws {
        let start = day(periods[0].first.text).timeIntervalSince1970
        let end = day(periods[periods.count - 1].last.text).timeIntervalSince1970
        let moments = (0..<400).map { _ in Date(timeIntervalSince1970: Double.random(in: start - 86_400...end, using: &random).rounded()) }
            .sorted()
        let states: [TenantState] = [.trial, .active, .active, .active, .pastDue, .suspended, .deletionScheduled]
        var seats = 3
        var readings: [MeterReading] = []
        for period in periods {
            for day in period.days where Int.random(in: 0..<60, using: &random) > 0 {
                seats = max(0, seats + [-1, 0, 0, 0, 0, 1, 1].randomElement(using: &random, or: 0))
                readings.append(MeterReading(day: day, records: 10, seats: min(seats, 40), storageBytes: 5, mails: 1))
            }
        }
        let chosen = moments.map { _ in
            (states.randomElement(using: &random, or: .active).rawValue, plans.randomElement(using: &random, or: "gold"))
        }
        _ = try await installation.control.run([
            """
            INSERT INTO standings (tenant_id, since, state, plan, plan_version)
            SELECT \(tenant.id), since, state, plan, 1
            FROM unnest(\(moments)::timestamptz[], \(chosen.map(\.0))::text[], \(chosen.map(\.1))::text[]) AS given (since, state, plan)
            """
        ])
        try await installation.metering.record(readings, of: tenant)
    }

    /// The rows of invoices that are not what the metering rows, the standings and the prices give, by SQL alone.
    private static let recomputation: SQL = """
        WITH read AS (
            SELECT m.tenant_id, m.day, m.seats, now_in.state, now_in.plan, now_in.plan_version,
                EXISTS (SELECT FROM standings AS s WHERE s.tenant_id = m.tenant_id AND s.state = 'active'
                    AND s.since < (m.day + 1)::timestamp AT TIME ZONE 'UTC') AS has_paid
            FROM metering AS m CROSS JOIN LATERAL (
                SELECT s.state, s.plan, s.plan_version FROM standings AS s
                WHERE s.tenant_id = m.tenant_id AND s.since < (m.day + 1)::timestamp AT TIME ZONE 'UTC' ORDER BY s.since DESC, s.seq DESC LIMIT 1
            ) AS now_in
        ), billed AS (
            SELECT *, day - (row_number() OVER (PARTITION BY tenant_id, plan, plan_version ORDER BY day))::integer AS island FROM read
            WHERE state = 'active' OR (state = 'past_due' AND has_paid)
        ), months AS (
            SELECT b.tenant_id, date_trunc('month', b.day)::date AS period, b.plan, b.plan_version, b.island, p.price ->> 'currency' AS currency,
                (p.price ->> 'amount')::numeric AS unit, scale((p.price ->> 'amount')::numeric) AS digits,
                CASE p.price ->> 'per' WHEN 'user' THEN sum(b.seats) ELSE count(*) END AS days,
                extract(day FROM date_trunc('month', b.day) + interval '1 month' - interval '1 day')::numeric AS length
            FROM billed AS b JOIN plans AS p ON p.name = b.plan AND p.version = b.plan_version
            GROUP BY b.tenant_id, date_trunc('month', b.day), b.plan, b.plan_version, b.island, p.price
        ), exact AS (
            SELECT *, round(days / length, 10) * unit AS worth FROM months WHERE unit > 0 AND days > 0
        ), rounded AS (
            -- Half to even: a tie is halved before it is rounded.
            SELECT *, CASE WHEN abs(worth * 10::numeric ^ digits - trunc(worth * 10::numeric ^ digits)) = 0.5
                THEN round(worth * 10::numeric ^ digits / 2) * 2 / 10::numeric ^ digits ELSE round(worth, digits) END AS amount FROM exact
        ), net AS (
            SELECT tenant_id, period, currency, max(digits) AS digits, sum(amount) AS net, count(*) AS lines FROM rounded
            GROUP BY tenant_id, period, currency
        ), taxed AS (
            SELECT net.*, net * CASE coalesce(a.country, 'DE') WHEN 'DE' THEN 19 WHEN 'CH' THEN 8.1 ELSE 0 END / 100 AS exact_tax
            FROM net LEFT JOIN billing_accounts AS a USING (tenant_id)
        ), due AS (
            SELECT *, CASE WHEN abs(exact_tax * 10::numeric ^ digits - trunc(exact_tax * 10::numeric ^ digits)) = 0.5
                THEN round(exact_tax * 10::numeric ^ digits / 2) * 2 / 10::numeric ^ digits ELSE round(exact_tax, digits) END AS tax FROM taxed
        )
        SELECT coalesce(i.tenant_id, d.tenant_id), coalesce(i.period, d.period), coalesce(i.currency, d.currency), i.net, d.net, i.tax, d.tax,
            jsonb_array_length(i.lines) || '/' || d.lines
        FROM invoices AS i FULL JOIN due AS d ON d.tenant_id = i.tenant_id AND d.period = i.period AND d.currency = i.currency
        WHERE (i.net, i.tax, i.total, jsonb_array_length(i.lines)) IS DISTINCT FROM (d.net, d.tax, d.net + d.tax, d.lines::integer)
        """

    @Test("With many processes at once, and connections that break, no number is missing and none stands twice") func gapless() async throws
    {
        try await withInstallation { installation in
            let period = try #require(BillingPeriod("2026-05"))
            let tenants = try await Self.tenants(60, in: installation)
            for tenant in tenants { try await installation.metering.record(Self.readings(period) { _ in 2 }, of: tenant) }
            try await Self.standFromTheStart(in: installation)
            var settings = installation.settings
            settings.control.connections = 4
            let others = (0..<3).map { _ in testInstallation(settings) }
            for other in others { try await other.start() }

            try await withThrowingTaskGroup(of: Void.self) { group in
                for (place, other) in ([installation] + others).enumerated() {
                    group.addTask {
                        let invoices = Invoices(control: other.control, terms: Self.terms())
                        var random = SplitMix64(seed: UInt64(place))
                        for tenant in tenants.shuffled(using: &random) {
                            // A connection that was cut made nothing or made it: again finds out.
                            while (try? await invoices.issue(tenant, period, by: .test)) == nil {}
                        }
                    }
                }
                group.addTask {
                    for _ in 0..<25 {
                        try await installation.byHand(
                            """
                            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                            WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.4
                            """)
                    }
                }
                try await group.waitForAll()
            }
            for other in others { await other.close() }

            let rows = try await installation.control.rows("SELECT number, place, tenant_id FROM invoices ORDER BY place")
            let year = CivilDate(utc: .now).parts.year
            try #require(try rows.map { try $0.int(1) } == Array(1...60))
            #expect(try rows[0].text(0) == "\(year)-000001" && rows[59].text(0) == "\(year)-000060")
            #expect(try Set(rows.map { try $0.uuid(2) }) == Set(tenants.map(\.id)))
            let audit = try await installation.control.rows("SELECT count(*) FROM audit WHERE action = 'issue_invoice'")
            #expect(try audit[0].int(0) == 60)
        }
    }

    /// As if all tenants had had a plan that costs something long before.
    private static func standFromTheStart(in installation: Installation) async throws {
        _ = try await installation.control.rows(
            """
            INSERT INTO standings (tenant_id, since, state, plan, plan_version)
            SELECT id, '2020-01-01', 'active', 'team', 1 FROM tenants
            """)
    }

    @Test("What is written once stays: readings, standings, invoices and payments") func onlyAdded() async throws {
        try await withInstallation { installation in
            let period = try #require(BillingPeriod("2026-05"))
            let tenant = try await Self.tenants(1, in: installation)[0]
            let invoices = Invoices(control: installation.control, terms: Self.terms { $0.numberPrefix = "T-" })
            try await installation.metering.record(Self.readings(period) { _ in 2 }, of: tenant)
            try await installation.metering.record(Self.readings(period) { _ in 900 }, of: tenant)
            try await Self.standFromTheStart(in: installation)
            let first = try #require(try await invoices.issue(tenant, period, by: .test).first)
            let again = try #require(try await invoices.issue(tenant, period, by: .test).first)
            let paid = try await invoices.settle(first.invoice.id, of: tenant, way: "operator", reference: "bank 1", by: .test)
            let twice = try await invoices.settle(first.invoice.id, of: tenant, way: "operator", reference: "bank 2", by: .test)

            #expect(first.isNew && !again.isNew && again.invoice == first.invoice)
            #expect(
                first.invoice.net == "24.00" && first.invoice.tax == "4.56" && first.invoice.total == "28.56"
                    && first.invoice.state == .open)
            #expect(first.invoice.number.hasPrefix("T-20") && first.invoice.usage.apiCalls == 310 && first.invoice.usage.seats == 2)
            #expect(first.invoice.customer.lines == [tenant.name, "DE"] && first.invoice.seller.lines[1] == "Harbour 1")
            #expect(paid && !twice)
            #expect(try await invoices.find(first.invoice.id, of: tenant.id)?.state == .paid)
            #expect(try await invoices.find(first.invoice.id, of: UUID()) == nil)
            for table in ["standings", "metering", "invoices", "payments", "payment_events"] {
                for statement in ["UPDATE \(table) SET tenant_id = tenant_id", "DELETE FROM \(table)", "TRUNCATE \(table) CASCADE"] {
                    let error = await #expect(throws: PostgresError.self) { try await installation.control.run([SQL(code: statement)]) }
                    let code = error?.refusal?.state.rawValue
                    #expect(
                        code == "TN003" || (code == "42703" && statement.hasPrefix("UPDATE pay")),
                        "\(statement): \(String(describing: error))")
                }
            }
            await #expect(throws: Invoices.Refusal.periodNotOver(BillingPeriod(of: CivilDate(utc: .now)))) {
                try await invoices.issue(tenant, BillingPeriod(of: CivilDate(utc: .now)), by: .test)
            }
            await #expect(throws: Invoices.Refusal.noSeller) { try await installation.invoices.issue(tenant, period, by: .test) }
        }
    }

    @Test("Every change of state and plan leaves a standing") func standings() async throws {
        try await withInstallation { installation in
            let tenant = try await installation.provisioning.provision(.sample("stand-ing"), by: .test).tenant
            _ = try await installation.lifecycle.changePlan(of: tenant.slug, to: PlanChange(plan: "team"), by: .test)
            _ = try await installation.lifecycle.changePlan(of: tenant.slug, to: PlanChange(plan: "team"), by: .test)
            _ = try await installation.lifecycle.suspend(tenant.slug, by: .test)
            _ = try await installation.lifecycle.resume(tenant.slug, by: .test)

            let standings = try await installation.control.rows(Standing.all(of: tenant.id)).map { row throws(PostgresError) in
                try Standing(row)
            }

            #expect(standings.map(\.state) == [.active, .active, .suspended, .active])
            #expect(standings.map(\.plan.name) == ["free", "team", "team", "team"])
        }
    }

    @Test("Requests are counted in memory, written down together, and read with their day") func calls() async throws {
        try await withInstallation { installation in
            let tenants = try await Self.tenants(2, in: installation)
            for _ in 0..<5 { installation.calls.count(tenants[0].id) }
            installation.calls.count(tenants[1].id)
            try await installation.calls.flush()
            installation.calls.count(tenants[0].id)
            try await installation.calls.flush()
            try await installation.calls.flush()

            let rows = try await installation.control.rows(
                "SELECT calls FROM api_calls WHERE day = (now() AT TIME ZONE 'UTC')::date ORDER BY calls")
            #expect(try rows.map { try $0.int(0) } == [1, 6])
            let missing = try await installation.metering.missing(of: tenants[0])
            let yesterday = CivilDate(utc: .now).adding(days: -1)
            #expect(missing.count == 400 && missing.last == yesterday)
            try await installation.byHand("UPDATE control.api_calls SET day = day - 1")
            try await installation.metering.record(
                [MeterReading(day: yesterday, records: 1, seats: 2, storageBytes: 3, mails: 4)], of: tenants[0])
            let read = try await installation.metering.readings(of: tenants[0].id, in: BillingPeriod(of: yesterday))
            #expect(read == [MeterReading(day: yesterday, records: 1, seats: 2, storageBytes: 3, mails: 4, apiCalls: 6)])
            #expect(try await installation.metering.missing(of: tenants[0]) == [])
        }
    }
}

extension Array {
    fileprivate func randomElement(using random: inout SplitMix64, or other: Element) -> Element { randomElement(using: &random) ?? other }
}
