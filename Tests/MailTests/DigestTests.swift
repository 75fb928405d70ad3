import Foundation
import Jobs
import Postgres
import Records
import Recurrence
import Secrets
import Support
import Tenancy
import Testing

@testable import CRM
@testable import Mail

@Suite("Many reminders, one mail") struct DigestTests {
    /// A user who is told by digests, and a mail server of the test's own.
    private struct Desk {
        var tenant: TestTenant
        let user: UUID
        let post: Post

        init(_ wish: String, zone: String? = nil, to address: String? = nil, settings: String? = nil, _ server: TestSMTPServer) async throws
        {
            tenant = try await TestHouse.tenant(settings: settings)
            user = try await tenant.person("member").userID
            _ = try await tenant.scope.run([
                """
                UPDATE users SET digest = \(wish), time_zone = \(zone), name = 'Änne', email = coalesce(\(address)::text, email)
                WHERE id = \(user)
                """
            ])
            var way = PostSettings(.server(server.settings(.none, host: "127.0.0.1")), from: try Mailbox("crm@example.com"))
            way.domainRate = 1000
            way.tenantRate = 1000
            post = Post(try await TestHouse.installation, way, origin: WebOrigin(publicURL: "https://crm.example.com"))
        }

        /// A reminder of the user's that has fallen due; answers its entry in the ledger.
        func remind(_ subject: String, _ local: String, zone: String = "UTC") async throws -> UUID {
            let reminder = UUID.v7()
            let time = try #require(LocalTime(local: local, zone: zone))
            let due = ReminderSeries.Due(
                instant: time.instant, local: local, zone: zone, occasion: CivilMoment(utc: time.instant).secondText)
            let occurrence = Occurrence(reminder: reminder, aboutType: nil, aboutID: nil, recipient: Reminded.user(user), due: due)
            let moment = #"{"local": "\#(local)", "time_zone": "\#(zone)"}"#
            _ = try await tenant.scope.run(
                [
                    """
                    INSERT INTO reminders (id, moment, recipients, subject, owner_id)
                    VALUES (\(reminder), \(moment)::jsonb, \(#"[{"user_id": "\#(user.uuidString.lowercased())"}]"#)::jsonb, \(subject), \(user))
                    """
                ] + Occurrence.entering([(occurrence, .toSend)]))
            return occurrence.id
        }

        /// By another plan.
        mutating func mayMailNothing() async throws {
            let installation = try await TestHouse.installation
            let change = PlanChange(plan: "unlimited", overrides: try Overrides(parsing: #"{"limits": {"emails_per_month": 0}}"#))
            let limited = try await installation.changePlan(of: tenant.tenant.slug, to: change, by: Instruction(actor: "test"))
            tenant = TestTenant(tenant: limited, scope: try installation.directory.scope(for: limited))
        }

        func settle(_ now: String) async throws -> JobOutcome {
            let audit = try await TestHouse.installation.audit
            return try await ReminderDigest(of: user, in: tenant.scope, KnownShapes(TestHouse.catalog), post, audit).settle(try time(now))
        }

        func ledger(_ id: UUID) async throws -> (status: String, reason: String?, message: String?, attempts: Int) {
            let row = try await tenant.scope.rows("SELECT status, reason, message_id, attempts FROM occurrences WHERE id = \(id)")[0]
            return (try row.text(0), row.optionalText(1), row.optionalText(2), try row.int(3))
        }
    }

    private static func time(_ text: String) throws -> Date { try #require(Date(rfc3339: text)) }

    private static func isAgain(_ outcome: JobOutcome, in seconds: Double) -> Bool {
        if case .again(let delay, _) = outcome { abs(Double(delay.components.seconds) - seconds) < 1 } else { false }
    }

    @Test("What has fallen due since the last comes in one mail at the user's hour; the ledger names it for each; the next holds the rest")
    func daily() async throws {
        try await TestSMTPServer.run { server in
            let desk = try await Desk("daily", zone: "Asia/Tokyo", settings: #"{"reminder_defaults": {"at": "07:30"}}"#, server)
            // 07:30 in Tokyo is 22:30 in UTC.
            let first = try await desk.remind("Call <Anna>", "2031-03-10T10:00")
            let second = try await desk.remind("Pay", "2031-03-10T22:30")
            let third = try await desk.remind("Write", "2031-03-10T22:31")

            #expect(Self.isAgain(try await desk.settle("2031-03-10T22:00:00Z"), in: 1800))
            #expect(try server.mails.isEmpty)
            #expect(try await desk.settle("2031-03-10T22:30:00Z") == .again(after: .zero, because: "There may be more."))
            #expect(Self.isAgain(try await desk.settle("2031-03-10T22:40:00Z"), in: 86_400 - 600))

            let mails = try await ReadMail.read(server.mails.map { Array($0.content) })
            let mail = try #require(mails.first)
            #expect(mails.count == 1 && mail.subject == "2031-03-11: 2 due" && mail.defects.isEmpty)
            let text = try #require(mail.parts["text/plain"]?.content)
            let page = try #require(mail.parts["text/html"]?.content)
            #expect(text.contains("Änne") && text.contains("Call <Anna>") && text.contains("Pay") && !text.contains("Write"))
            #expect(page.contains("Call &lt;Anna&gt;") && !page.contains("<Anna>"))
            #expect(mail.header("List-Unsubscribe")?.contains("/u/") == true && mail.header("Auto-Submitted") == "auto-generated")
            for id in [first, second] {
                let entry = try await desk.ledger(id)
                #expect(entry.status == "sent" && entry.message == mail.header("Message-ID") && entry.attempts == 1)
            }
            #expect(try await desk.ledger(third).status == "planned")

            _ = try await desk.settle("2031-03-11T22:30:00Z")
            #expect(try await desk.settle("2031-03-11T22:30:01Z") == .done)
            #expect(try server.mails.count == 2)
            #expect(try await desk.ledger(third).status == "sent")
            #expect(try await UsageReport(of: desk.tenant.scope, TestHouse.catalog).used["emails_per_month"] == 2)
            await desk.post.close()
        }
    }

    @Test("Whoever has nothing to be told gets no mail") func nothing() async throws {
        try await TestSMTPServer.run { server in
            let desk = try await Desk("daily", server)
            #expect(try await desk.settle("2031-03-10T09:00:00Z") == .done)
            let gone = try await desk.remind("Gone", "2031-03-10T08:00")
            _ = try await desk.tenant.scope.run(["UPDATE reminders SET active = false"])

            _ = try await desk.settle("2031-03-10T09:00:00Z")
            #expect(try await desk.settle("2031-03-10T09:00:00Z") == .done)

            let entry = try await desk.ledger(gone)
            #expect(entry.status == "skipped" && entry.reason == "inactive")
            #expect(try server.mails.isEmpty)
            await desk.post.close()
        }
    }

    @Test(
        "What speaks against it at the last moment is told of each item, and nothing leaves",
        arguments: [
            ("opted_out", "UPDATE users SET email_opt_out = true WHERE digest = 'daily'"),
            ("inactive", "UPDATE users SET status = 'disabled' WHERE digest = 'daily'"),
            ("suppressed", "INSERT INTO suppressions (address, reason) SELECT lower(email), 'bounce' FROM users WHERE digest = 'daily'"),
            ("trashed", "UPDATE contacts SET deleted_at = now()"), ("plan", "SELECT 1"),
        ])
    func objections(_ reason: String, _ change: String) async throws {
        try await TestSMTPServer.run { server in
            var desk = try await Desk("daily", server)
            let ids = [try await desk.remind("One", "2031-03-10T08:00"), try await desk.remind("Two", "2031-03-10T08:30")]
            let contact = UUID.v7()
            _ = try await desk.tenant.scope.run([
                "INSERT INTO contacts (id, last_name) VALUES (\(contact), 'Miller')",
                "UPDATE reminders SET about_type = 'contacts', about_id = \(contact)",
                "UPDATE occurrences SET about_type = 'contacts', about_id = \(contact)", SQL(code: change),
            ])
            if reason == "plan" { try await desk.mayMailNothing() }

            while try await desk.settle("2031-03-10T09:00:00Z") != .done {}

            for id in ids {
                let entry = try await desk.ledger(id)
                #expect(entry.status == "skipped" && entry.reason == reason)
            }
            #expect(try server.mails.isEmpty)
            await desk.post.close()
        }
    }

    @Test("A digest that a server does not take now comes again as it was, under its own Message-ID; what fell due meanwhile waits")
    func refusal() async throws {
        try await TestSMTPServer.run { server in
            let desk = try await Desk("daily", to: "busy@example.org", server)
            let first = try await desk.remind("First", "2031-03-10T08:00")
            guard case .again(let delay, _) = try await desk.settle("2031-03-10T09:00:00Z"), delay > .seconds(60) else {
                Issue.record("It was not put off.")
                return
            }
            let begun = try await desk.ledger(first)
            let second = try await desk.remind("Second", "2031-03-10T10:00")
            _ = try await desk.tenant.scope.run(["UPDATE users SET email = 'now@example.org', digest = 'none' WHERE id = \(desk.user)"])

            #expect(try await desk.settle("2031-03-10T11:00:00Z") == .again(after: .zero, because: "There may be more."))

            let mails = try await ReadMail.read(server.mails.map { Array($0.content) })
            let (sent, waiting) = (try await desk.ledger(first), try await desk.ledger(second))
            #expect(mails.count == 1 && mails.first?.header("Message-ID") == begun.message && begun.status == "planned")
            #expect(sent.status == "sent" && sent.attempts == 2 && sent.message == begun.message)
            #expect(waiting.status == "planned" && waiting.attempts == 0)
            #expect(mails.first?.parts["text/plain"]?.content.contains("Second") == false)
            await desk.post.close()
        }
    }

    @Test("A digest over which a worker died is not sent again: its items are unknown; one that was sent before that is found sent")
    func died() async throws {
        try await TestSMTPServer.run { server in
            for (state, status) in [("sending", "unknown"), ("sent", "sent"), ("failed", "failed")] {
                let desk = try await Desk("daily", server)
                let id = try await desk.remind("Once", "2031-03-10T08:00")
                let mail = UUID.v7()
                _ = try await desk.tenant.scope.run([
                    "INSERT INTO mails (id, kind, recipient, subject, state) VALUES (\(mail), 'digest', 'x@example.org', 'x', \(state))",
                    "UPDATE occurrences SET attempts = 1, message_id = \(desk.post.messageID(of: mail)) WHERE id = \(id)",
                    // Whatever became of the reminder: it was told.
                    "UPDATE reminders SET active = false",
                ])

                _ = try await desk.settle("2031-03-10T09:00:00Z")

                #expect(try await desk.ledger(id).status == status)
                #expect(try await desk.settle("2031-03-10T09:00:00Z") == .done)
                await desk.post.close()
            }
            #expect(try server.mails.isEmpty)
        }
    }

    @Test("A digest over which a worker died before a server took it goes out, once, as the mail that it was") func diedBefore()
        async throws
    {
        try await TestSMTPServer.run { server in
            let desk = try await Desk("daily", server)
            let id = try await desk.remind("Once", "2031-03-10T08:00")
            let mail = UUID.v7()
            _ = try await desk.tenant.scope.run([
                """
                INSERT INTO mails (id, kind, recipient, subject, state, is_handed_over)
                VALUES (\(mail), 'digest', 'x@example.org', 'x', 'sending', false)
                """,
                "UPDATE occurrences SET attempts = 1, message_id = \(desk.post.messageID(of: mail)) WHERE id = \(id)",
            ])

            _ = try await desk.settle("2031-03-10T09:00:00Z")

            #expect(try await desk.settle("2031-03-10T09:00:00Z") == .done)
            let entry = try await desk.ledger(id)
            #expect(entry.status == "sent" && entry.message == desk.post.messageID(of: mail))
            #expect(try server.mails.count == 1)
            await desk.post.close()
        }
    }

    @Test("Whoever wants digests no more gets what has waited by itself, each once; what is bound to a digest stays with it") func change()
        async throws
    {
        try await TestSMTPServer.run { server in
            let desk = try await Desk("weekly", server)
            let id = try await desk.remind("Alone", "2031-03-11T08:00")
            let takes: SQL = "SELECT count(*) FROM occurrences WHERE id = \(id) AND " + SendDigest.takes
            #expect(try await desk.tenant.scope.rows(takes)[0].int(0) == 1)
            _ = try await desk.tenant.scope.run(["UPDATE users SET digest = 'none' WHERE id = \(desk.user)"])
            #expect(try await desk.tenant.scope.rows(takes)[0].int(0) == 0)

            #expect(try await desk.settle("2031-03-11T09:00:00Z") == .done)

            let jobs = try await TestHouse.installation.cells.scope(of: desk.tenant.tenant.cell).rows(
                """
                SELECT count(*) FROM jobs AS j JOIN job_lanes AS l ON l.id = j.lane_id
                WHERE l.tenant_id = \(desk.tenant.tenant.id) AND l.kind = 'send_reminder' AND j.unique_key = \("\(id)")
                """)
            #expect(try jobs[0].int(0) == 1)
            #expect(try await desk.ledger(id).status == "planned" && server.mails.isEmpty)
            let own = desk.post.messageID(of: id)
            _ = try await desk.tenant.scope.run([
                "UPDATE users SET digest = 'daily' WHERE id = \(desk.user)",
                "UPDATE occurrences SET attempts = 1, message_id = \(own) WHERE id = \(id)",
            ])
            // It was offered in a mail of its own, and stays with that.
            #expect(try await desk.tenant.scope.rows(takes)[0].int(0) == 0)
            #expect(try await desk.settle("2031-03-12T09:00:00Z") == .done)
            #expect(try server.mails.isEmpty)
            await desk.post.close()
        }
    }

    @Test("It waits while reminders that are due by its time are still being entered, and while its reader has quiet hours") func waiting()
        async throws
    {
        try await TestSMTPServer.run { server in
            let desk = try await Desk("daily", settings: #"{"quiet_hours": {"from": "08:30", "to": "10:00"}}"#, server)
            let id = try await desk.remind("Quietly", "2031-03-10T08:00")
            let due = DueReminder(reminder: nil, record: UUID.v7(), armed: 0)
            _ = try await desk.tenant.scope.run([.enqueue(due, at: try Self.time("2031-03-10T09:00:00Z"), key: due.key)])

            let entering = try await desk.settle("2031-03-10T09:00:00Z")
            _ = try await desk.tenant.scope.run([
                .enqueue(due, at: try Self.time("2031-03-10T09:01:00Z"), key: due.key, replacing: true)
            ])
            let quiet = try await desk.settle("2031-03-10T09:00:00Z")
            #expect(Self.isAgain(entering, in: 0))
            #expect(Self.isAgain(quiet, in: 3600))
            #expect(try server.mails.isEmpty)

            _ = try await desk.settle("2031-03-10T10:00:00Z")

            #expect(try server.mails.count == 1)
            #expect(try await desk.ledger(id).status == "sent")
            await desk.post.close()
        }
    }

    @Test("Whatever is chosen and however often it is looked at, each reminder is in exactly one mail") func property() async throws {
        try await TestSMTPServer.run { server in
            let desk = try await Desk("daily", server)
            var dice = SplitMix64(seed: 20_310_310)
            var (now, number, ids) = (try Self.time("2031-03-10T00:00:00Z"), 0, [UUID]())
            for _ in 0..<120 {
                switch Int.random(in: 0..<6, using: &dice) {
                case 0, 1:
                    number += 1
                    ids.append(try await desk.remind("Item <\(number)>", CivilMoment(utc: now).minuteText))
                case 2:
                    let wish = ["daily", "weekly"].randomElement(using: &dice) ?? ""
                    let zone = ["UTC", "Pacific/Auckland", "America/New_York"].randomElement(using: &dice) ?? ""
                    _ = try await desk.tenant.scope.run([
                        "UPDATE users SET digest = \(wish), time_zone = \(zone) WHERE id = \(desk.user)"
                    ])
                case 3: now += Double.random(in: 0...40, using: &dice) * 3600
                default: _ = try await desk.settle(now.apiText)
                }
            }
            now += 8 * 86_400
            while try await desk.settle(now.apiText) != .done { now += 86_400 }

            let texts = try await ReadMail.read(server.mails.map { Array($0.content) }).compactMap { $0.parts["text/plain"]?.content }
            for item in 1...number { #expect(texts.filter { $0.contains("Item <\(item)>") }.count == 1, "\(item)") }
            let rows = try await desk.tenant.scope.rows(
                "SELECT count(*), count(DISTINCT message_id) FROM occurrences WHERE status = 'sent' AND attempts = 1")
            #expect(try rows[0].int(0) == ids.count && rows[0].int(1) == texts.count)
            #expect(texts.count > 5 && texts.count < number)
            await desk.post.close()
        }
    }

    @Test("Its words come in the user's language, each with all that there is to say", arguments: MailLanguage.allCases)
    func languages(_ language: MailLanguage) async throws {
        try await TestSMTPServer.run { server in
            let desk = try await Desk("daily", server)
            _ = try await desk.tenant.scope.run(["UPDATE users SET locale = \(language.rawValue) WHERE id = \(desk.user)"])
            _ = try await desk.remind("打电话", "2031-03-10T08:00")

            _ = try await desk.settle("2031-03-10T09:00:00Z")

            let mail = try #require(try await ReadMail.read(server.mails.map { Array($0.content) }).first)
            #expect(mail.header("Content-Language") == language.rawValue && mail.subject.hasPrefix("2031-03-10"))
            for part in ["text/plain", "text/html"] {
                let words = try #require(mail.parts[part]?.content)
                #expect(words.contains("打电话") && words.contains("2031-03-10 08:00 (UTC)") && words.contains("Änne"))
            }
            await desk.post.close()
        }
    }

    @Test("It comes in the firm's language to whoever has chosen none, and in their own to whoever has") func firmsLanguage() async throws {
        try await TestSMTPServer.run { server in
            let desk = try await Desk("daily", settings: #"{"locale": "es-MX"}"#, server)
            _ = try await desk.remind("One", "2031-03-10T08:00")
            _ = try await desk.settle("2031-03-10T09:00:00Z")

            _ = try await desk.tenant.scope.run(["UPDATE users SET locale = 'de' WHERE id = \(desk.user)"])
            _ = try await desk.remind("Two", "2031-03-11T08:00")
            _ = try await desk.settle("2031-03-11T09:00:00Z")

            let mails = try await ReadMail.read(server.mails.map { Array($0.content) })
            #expect(mails.map { $0.header("Content-Language") } == ["es", "de"])
            #expect(mails.map(\.subject) == ["2031-03-10: 1 por vencer", "2031-03-11: 1 fällig"])
            await desk.post.close()
        }
    }

    @Test("A day's digest leaves at one time of the clock though clocks are turned, a week's on the first day of the week") func rhythm()
        throws
    {
        func rhythm(_ wish: String, _ settings: String = "{}") throws -> DigestRhythm {
            try #require(DigestRhythm(wish, zone: "Europe/Berlin", SettingsDocument(parsing: settings)))
        }
        func next(_ rhythm: DigestRhythm, _ from: String) throws -> String { rhythm.next(from: try Self.time(from)).apiText }
        let daily = try rhythm("daily", #"{"reminder_defaults": {"at": "02:30"}}"#)
        let weekly = try rhythm("weekly", #"{"week_start": "sunday"}"#)

        // Clocks skip half past two: the offset before that holds.
        #expect(try next(daily, "2031-03-29T12:00:00Z") == "2031-03-30T01:30:00.000Z")
        #expect(try next(daily, "2031-03-30T01:30:00Z") == "2031-03-30T01:30:00.000Z")
        // They show it twice: the first time counts.
        #expect(try next(daily, "2031-10-25T12:00:00Z") == "2031-10-26T00:30:00.000Z")
        #expect(try next(daily, "2031-10-26T00:31:00Z") == "2031-10-27T01:30:00.000Z")
        #expect(daily.last(until: try Self.time("2031-10-26T01:30:00Z")).apiText == "2031-10-26T00:30:00.000Z")
        #expect(try next(weekly, "2031-03-10T12:00:00Z") == "2031-03-16T08:00:00.000Z")
        #expect(weekly.period(of: try Self.time("2031-03-16T08:00:00Z")) == "2031-03-09 – 2031-03-16")
        #expect(try DigestRhythm("none", zone: nil, SettingsDocument(parsing: "{}")) == nil)
    }
}
