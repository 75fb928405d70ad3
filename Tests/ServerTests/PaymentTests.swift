import Foundation
import HTTPTypes
import Payments
import Postgres
import Records
import Recurrence
import Secrets
import Support
import Testing

@testable import Server
@testable import Tenancy

@Suite("Payments through Stripe") struct PaymentTests {
    private static func tenant(_ firm: Firm) async throws -> Tenant {
        try #require(try await firm.site.installation.directory.find(slug: firm.slug))
    }

    /// A firm on the plan `free` and how Stripe calls it.
    private static func customer(_ stripe: TestStripe) async throws -> (firm: Firm, admin: Client, id: String) {
        let firm = try await stripe.site.firm { members in
            members = members.filter { $0.name != "plan" && $0.name != "test" } + [.init("plan", "free"), .init("test", false)]
        }
        let admin = try await firm.admin()
        let page = try await admin.post("/v1/billing/checkout", ["plan": "team"])
        guard page.status == 200 else { throw Unexpected(page) }
        let account = try await stripe.site.installation.billingAccounts.find(try await tenant(firm).id)
        return (firm, admin, try #require(account.customerID))
    }

    @Test("A checkout names the customer, the price and the seats; the same key opens the same page") func checkout() async throws {
        try await TestStripe.run(try await TestHouse.installation) { stripe in
            let (firm, admin, customer) = try await Self.customer(stripe)
            _ = try await firm.user("member")
            let key = UUID().uuidString

            let first = try await admin.with(.idempotencyKey, key).post("/v1/billing/checkout", ["plan": "business"])
            let again = try await admin.with(.idempotencyKey, key).post("/v1/billing/checkout", ["plan": "business"])
            let other = try await admin.post("/v1/billing/checkout", ["plan": "business"])
            let all = try await stripe.tell("all")

            let id = try #require(try first.json["id"]?.string)
            let form = all["sessions"]?[id]?["form"]
            #expect(try again.json == first.json && other.json != first.json)
            #expect(try first.json["url"] == .string("https://checkout.stripe.com/c/pay/\(id)"))
            #expect(
                form?["line_items[0][price]"] == "price_business" && form?["mode"] == "subscription"
                    && form?["customer"] == .string(customer))
            #expect(form?["success_url"] == "https://crm.example.com/settings?paid=yes")
            #expect(all["customers"]?[customer]?["email"] == .string(firm.email))
            #expect(try await admin.post("/v1/billing/checkout", ["plan": "free"]).pointers == ["/plan"])
            #expect(try await admin.post("/v1/billing/checkout", ["plan": "nothing"]).pointers == ["/plan"])
            #expect(try await firm.person("manager").post("/v1/billing/checkout", ["plan": "team"]).code == "forbidden")
            #expect(try await TestSite.shared.firm().admin().post("/v1/billing/checkout", ["plan": "team"]).code == "conflict")
        }
    }

    @Test("A plan that is paid for is in force; a payment that fails makes the tenant past due, one that comes makes it active again")
    func life() async throws {
        try await TestStripe.run(try await TestHouse.installation) { stripe in
            let (firm, admin, customer) = try await Self.customer(stripe)
            let subscription = "sub_\(TestSite.unique())"
            func tell(_ type: String, _ kind: String = "subscription") async throws -> Tenant {
                let body = TestStripe.event("evt_\(TestSite.unique())", type, kind, kind == "invoice" ? "in_\(subscription)" : subscription)
                #expect(try await stripe.deliver(body).status == 200)
                return try await Self.tenant(firm)
            }
            try await stripe.tell("invoices/in_\(subscription)", ["customer": .string(customer), "status": "open"])

            try await stripe.put(subscription: subscription, of: customer, "incomplete")
            let waiting = try await tell("customer.subscription.created")
            try await stripe.put(subscription: subscription, of: customer, "active", plan: "team", seats: 4)
            let paid = try await tell("invoice.paid", "invoice")
            try await stripe.put(subscription: subscription, of: customer, "past_due", plan: "team", seats: 4)
            let failed = try await tell("invoice.payment_failed", "invoice")
            let shown = try await admin.get("/v1/billing/account").json["subscription"]
            try await stripe.put(subscription: subscription, of: customer, "active", plan: "business", seats: 5)
            let again = try await tell("customer.subscription.updated")
            try await stripe.put(subscription: subscription, of: customer, "canceled", plan: "business")
            let ended = try await tell("customer.subscription.deleted")

            #expect(waiting.plan.name == "free" && waiting.state == .active)
            #expect(paid.plan.name == "team" && paid.state == .active)
            #expect(failed.plan.name == "team" && failed.state == .pastDue && failed.graceEndsAt != nil)
            #expect(shown?["status"] == "past_due" && shown?["seats"] == 4 && shown?["plan"] == "team")
            #expect(again.plan.name == "business" && again.state == .active && again.graceEndsAt == nil)
            #expect(ended.state == .pastDue)
            let audit = try await stripe.site.installation.audit.entries(target: firm.slug, limit: 20)
            #expect(
                audit.filter { $0.actor == "stripe" }.map(\.action) == [
                    "mark_past_due", "change_plan", "mark_paid", "mark_past_due", "change_plan",
                ])
        }
    }

    @Test("Who was suspended for not paying comes back with the payment; who was suspended by an operator does not") func suspended()
        async throws
    {
        try await TestStripe.run(try await TestHouse.installation) { stripe in
            for byOperator in [false, true] {
                let (firm, admin, customer) = try await Self.customer(stripe)
                let lifecycle = stripe.site.installation.lifecycle
                _ = try await lifecycle.markPastDue(firm.slug, by: Instruction(actor: "test"))
                _ = try await lifecycle.suspend(firm.slug, by: Instruction(actor: byOperator ? "operator:ann" : "system", reason: "late"))

                let page = try await admin.post("/v1/billing/checkout", ["plan": "team"])
                let subscription = "sub_\(TestSite.unique())"
                try await stripe.put(subscription: subscription, of: customer, "active")
                let body = TestStripe.event("evt_\(TestSite.unique())", "customer.subscription.created", "subscription", subscription)
                #expect(try await stripe.deliver(body).status == 200)

                #expect(page.status == 200, "Whoever is suspended can still pay: \(page.text)")
                #expect(try await Self.tenant(firm).state == (byOperator ? .suspended : .active))
            }
        }
    }

    @Test("What Stripe did not sign, or signed long ago, is refused and leaves nothing; a good event is kept byte for byte, once")
    func forged()
        async throws
    {
        try await TestStripe.run(try await TestHouse.installation) { stripe in
            let id = "evt_\(TestSite.unique())"
            let body = TestStripe.event(id, "customer.subscription.updated", "subscription", "sub_of_nobody")
            func kept() async throws -> Int {
                try await stripe.site.installation.control.rows("SELECT 1 FROM payment_events WHERE id = \(id)").count
            }
            let good = TestStripe.signature(body)
            for signature in [
                "", "t=1", "v1=00", good.replacing("v1=", with: "v2="), TestStripe.signature(body, secret: "whsec_other"),
                TestStripe.signature(body, at: .now - 301), TestStripe.signature(body, at: .now + 400), TestStripe.signature(body + [32]),
            ] {
                let refused = try await stripe.deliver(body, signature: signature)
                #expect(refused.status == 400 && refused.code == "malformed", "\(signature): \(refused.text)")
            }
            let unsigned = try await stripe.site.stranger.send(.post, "/v1/billing/webhook", bytes: body)
            let noEvent = try await stripe.deliver(Array("{}".utf8))
            #expect(unsigned.status == 400 && noEvent.status == 400)
            #expect(try await kept() == 0)

            #expect(try await stripe.deliver(body).status == 200)
            #expect(
                try await stripe.deliver(body, signature: TestStripe.signature(body, secret: "whsec_old", at: .now - 200)).status == 200)

            let rows = try await stripe.site.installation.control.rows("SELECT body FROM payment_events WHERE id = \(id)")
            #expect(try rows.count == 1 && rows[0].bytes(0) == body)
            #expect(
                try await TestSite.shared.stranger.with(.stripeSignature, good).send(.post, "/v1/billing/webhook", bytes: body).status
                    == 404)
        }
    }

    @Test("While Stripe does not answer, an event waits, and a worker acts upon it later") func outage() async throws {
        try await TestStripe.run(try await TestHouse.installation) { stripe in
            let (firm, _, customer) = try await Self.customer(stripe)
            let (subscription, id) = ("sub_\(TestSite.unique())", "evt_\(TestSite.unique())")
            let control = stripe.site.installation.control
            try await stripe.put(subscription: subscription, of: customer, "active")

            try await stripe.tell("down", ["times": 3])
            let answer = try await stripe.deliver(TestStripe.event(id, "customer.subscription.created", "subscription", subscription))
            let before = try await Self.tenant(firm)
            let waiting = try await control.rows("SELECT attempts, error FROM payment_work WHERE event_id = \(id)")
            _ = try await control.run(["UPDATE payment_work SET due_at = now() - interval '1 second' WHERE event_id = \(id)"])
            while try await stripe.desk.actOnNext() {}

            #expect(answer.status == 200 && before.plan.name == "free")
            #expect(try waiting.count == 1 && waiting[0].text(1).contains("503"))
            #expect(try await Self.tenant(firm).plan.name == "team")
            #expect(try await control.rows("SELECT 1 FROM payment_work WHERE event_id = \(id)").isEmpty)
        }
    }

    @Test("An invoice is paid on a page of Stripe's, in the smallest units of its currency, and is paid then for good") func invoice()
        async throws
    {
        try await TestStripe.run(try await TestHouse.installation) { stripe in
            let (firm, admin, _) = try await Self.customer(stripe)
            let tenant = try await Self.tenant(firm)
            var terms = BillingTerms()
            terms.seller = ["Tenantry Ltd"]
            let invoices = Invoices(control: stripe.site.installation.control, terms: terms)
            let period = BillingPeriod(of: CivilDate(utc: .now)).previous
            _ = try await stripe.site.installation.control.run([
                "INSERT INTO standings (tenant_id, since, state, plan, plan_version) VALUES (\(tenant.id), '2020-01-01', 'active', 'team', 1)"
            ])
            try await stripe.site.installation.metering.record(
                period.days.map { MeterReading(day: $0, records: 1, seats: 2, storageBytes: 0, mails: 0) }, of: tenant)
            let made = try #require(try await invoices.issue(tenant, period, by: Instruction(actor: "test")).first).invoice
            let path = "/v1/invoices/\(made.id.uuidString.lowercased())"

            let page = try await admin.post("\(path)/checkout", .object([]))
            let session = try #require(try page.json["id"]?.string)
            let form = try await stripe.tell("all")["sessions"]?[session]?["form"]
            let early = try await stripe.deliver(
                TestStripe.event("evt_\(TestSite.unique())", "checkout.session.completed", "checkout.session", session))
            let open = try await admin.get(path).json["state"]
            try await stripe.tell("sessions/\(session)", ["status": "complete", "payment_status": "paid", "payment_intent": "pi_42"])
            for _ in 0..<2 {
                let body = TestStripe.event(
                    "evt_\(TestSite.unique())", "checkout.session.async_payment_succeeded", "checkout.session", session)
                #expect(try await stripe.deliver(body).status == 200)
            }
            let paid = try await admin.get(path).json

            #expect(form?["line_items[0][price_data][unit_amount]"] == "2400" && form?["line_items[0][price_data][currency]"] == "eur")
            #expect(early.status == 200 && open == "open")
            #expect(paid["state"] == "paid" && paid["paid_at"]?.string != nil && paid["total"] == "24.00")
            #expect(try await admin.post("\(path)/checkout", .object([])).code == "conflict")
            let payment = try await stripe.site.installation.control.rows(
                "SELECT way, reference FROM payments WHERE invoice_id = \(made.id)")
            #expect(try payment[0].text(0) == "stripe" && payment[0].text(1) == "pi_42")
        }
    }

    @Test("A thousand random orders of events, with duplicates and several at once, end in one state", .timeLimit(.minutes(10)))
    func permutations() async throws {
        let installation = try await TestHouse.open { $0.control.connections = 6 }
        try await TestStripe.run(installation) { stripe in
            let run = TestSite.unique()
            let count = 1_000
            let slugs = (0..<count).map { "perm-\(run)-\($0)" }
            _ = try await installation.control.run([
                """
                INSERT INTO tenants (id, slug, name, cell, state, plan, plan_version, fingerprint, admin_id, admin_email)
                SELECT gen_random_uuid(), slug, slug, 'main', 'active', 'free', 1, '', gen_random_uuid(), 'ada@example.com'
                FROM unnest(\(slugs)::text[]) AS slug
                """,
                "INSERT INTO billing_accounts (tenant_id, customer_id) SELECT id, 'cus_' || slug FROM tenants WHERE slug = ANY (\(slugs)::text[])",
            ])
            let start = ContinuousClock.now
            try await withThrowingTaskGroup(of: Int.self) { group in
                for lane in 0..<8 {
                    group.addTask {
                        var delivered = 0
                        for number in stride(from: lane, to: count, by: 8) {
                            delivered += try await Self.permutation(slugs[number], UInt64(number), stripe)
                        }
                        return delivered
                    }
                }
                let delivered = try await group.reduce(0, +)
                print("\(count) orders, \(delivered) deliveries in \(ContinuousClock.now - start)")
            }

            let ends = try await installation.control.rows(
                """
                SELECT t.state, t.plan, a.subscription ->> 'status', a.subscription ->> 'id' = 'sub_' || t.slug || '_b', a.subscription ->> 'seats',
                    a.collected_from IS NOT NULL AND a.collected_until IS NULL, t.grace_ends_at IS NULL, count(*)
                FROM tenants AS t JOIN billing_accounts AS a ON a.tenant_id = t.id WHERE t.slug = ANY (\(slugs)::text[]) GROUP BY 1, 2, 3, 4, 5, 6, 7
                """)
            let shown = ends.map { row in (0..<8).map { row.optionalText($0) ?? "none" } }
            #expect(shown == [["active", "business", "active", "t", "7", "t", "t", "\(count)"]])
            #expect(try await installation.control.rows("SELECT 1 FROM payment_work").isEmpty)
        }
        await installation.close()
    }

    /// What happens at Stripe, one after the other: two subscriptions, of which the first ends, with failures between.
    private static let story: [(subscription: String, status: String, plan: String, seats: Int, type: String)] = [
        ("a", "incomplete", "team", 2, "customer.subscription.created"), ("a", "active", "team", 2, "invoice.paid"),
        ("a", "past_due", "team", 2, "invoice.payment_failed"), ("a", "canceled", "team", 2, "customer.subscription.deleted"),
        ("b", "active", "team", 3, "customer.subscription.created"), ("b", "past_due", "team", 5, "invoice.payment_failed"),
        ("b", "active", "business", 7, "customer.subscription.updated"),
    ]

    /// Lets the story go on and its events arrive in a random order: late, again and again, and some at the same moment. Answers how many came.
    private static func permutation(_ slug: String, _ seed: UInt64, _ stripe: TestStripe) async throws -> Int {
        var random = SplitMix64(seed: seed)
        var happened = 0
        var undelivered: [[UInt8]] = []
        var delivered: [[UInt8]] = []
        var count = 0
        while happened < story.count || !undelivered.isEmpty {
            if happened < story.count, undelivered.isEmpty || Int.random(in: 0..<10, using: &random) < 7 {
                let step = story[happened]
                let id = "sub_\(slug)_\(step.subscription)"
                try await stripe.put(subscription: id, of: "cus_\(slug)", step.status, plan: step.plan, seats: step.seats)
                if step.type.hasPrefix("invoice") {
                    try await stripe.tell("invoices/in_\(id)", ["customer": .string("cus_\(slug)"), "status": "open"])
                }
                undelivered.append(
                    step.type.hasPrefix("invoice")
                        ? TestStripe.event("evt_\(slug)_\(happened)", step.type, "invoice", "in_\(id)")
                        : TestStripe.event("evt_\(slug)_\(happened)", step.type, "subscription", id))
                happened += 1
            } else {
                undelivered.shuffle(using: &random)
                var batch = Array(undelivered.prefix(Int.random(in: 1...3, using: &random)))
                undelivered.removeFirst(batch.count)
                delivered += batch
                while Bool.random(using: &random) { batch.append(delivered[Int.random(in: 0..<delivered.count, using: &random)]) }
                count += batch.count
                let bodies = batch
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for body in bodies {
                        group.addTask {
                            let answer = try await stripe.deliver(body)
                            guard answer.status == 200 else { throw Unexpected(answer) }
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
        return count
    }
}
