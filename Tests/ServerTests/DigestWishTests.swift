import CRM
import Foundation
import Records
import Support
import Testing

@testable import Server

/// What users choose for themselves, with a worker at work.
@Suite("Digests are chosen") struct DigestWishTests {
    private static func own(_ firm: ReminderFirm) async throws -> String {
        try #require(try await firm.admin.get("/v1/session").json["user"]?["id"]?.string)
    }

    private static func waiting(_ firm: ReminderFirm, _ kind: String) async throws -> Int {
        try await firm.firm.site.installation.cells.scope(of: "main").rows(
            """
            SELECT count(*) FROM jobs AS j JOIN job_lanes AS l ON l.id = j.lane_id JOIN tenants AS t ON t.id = l.tenant_id
            WHERE t.slug = \(firm.firm.slug) AND l.kind = \(kind) AND j.state = 'ready' AND j.run_at > clock_timestamp() + interval '1 second'
            """)[0].int(0)
    }

    /// So many entries, one digest that waits, and nothing else to do.
    private static func isCalm(_ firm: ReminderFirm) async throws -> Bool {
        let digests = try await waiting(firm, "send_digest")
        let entries = try await firm.ledger().count
        let isIdle = try await firm.isIdle()
        return digests == 1 && entries == 2 && isIdle
    }

    /// Its last digest was long ago, and the next is far off, wherever the test runs.
    private static func farFromDigests(_ firm: ReminderFirm) async throws {
        let at = String((Date.now + 12 * 3600).apiText.dropFirst(11).prefix(5))
        let settings = try await firm.admin.patch("/v1/settings", ["time_zone": "UTC", "reminder_defaults": ["at": .string(at)]])
        guard settings.status == 200 else { throw Unexpected(settings) }
    }

    @Test("What falls due for whoever wants digests waits, with no mail of its own; wanting none any more sends it by itself, once")
    func backAndForth() async throws {
        let firm = try await ReminderFirm.open()
        try await Self.farFromDigests(firm)
        let own = try await Self.own(firm)
        try await firm.change("users/\(own)", ["digest": "daily"])
        let contact = try await firm.contact(meetsIn: 0.6)
        let mute = try await firm.contact(meetsIn: 0.6, [.init("email", "mute@example.com")])
        _ = try await firm.make("reminders", ReminderFirm.reminder(about: contact))
        _ = try await firm.make("reminders", ReminderFirm.reminder(about: mute, [.init("recipients", ["self"])]))

        try await firm.working {
            try await eventually { try await Self.isCalm(firm) }
            // Only the contact's own has left.
            #expect(try firm.mails.count == 1 && firm.mails.allSatisfy { $0.contains("mute@example.com") })
            #expect(try await firm.ledger("planned").count == 1)

            try await firm.change("users/\(own)", ["digest": "weekly"])
            try await eventually { try await Self.isCalm(firm) }
            #expect(try firm.mails.count == 1)

            try await firm.change("users/\(own)", ["digest": "none"])
            try await eventually { try await firm.ledger("sent").count == 2 }
            try await eventually { try await Self.waiting(firm, "send_digest") == 0 }
        }
        #expect(try firm.mails.filter { $0.contains("Subject: Meet Miller") && $0.contains(firm.firm.email) }.count == 1)
        #expect(try firm.mails.count == 2)
    }

    @Test("At the hour of the digest what is due at that very time is in it") func sameHour() async throws {
        let firm = try await ReminderFirm.open()
        let own = try await Self.own(firm)
        // The digest's time has just been: what was due by then is sent at once.
        let minute = String(Date.now.apiText.prefix(16))
        let settings = try await firm.admin.patch(
            "/v1/settings", ["time_zone": "UTC", "reminder_defaults": ["at": .string(String(minute.suffix(5)))]])
        #expect(settings.status == 200)
        let reminder = try await firm.make(
            "reminders",
            ["when": ["local": .string(minute), "time_zone": "UTC"], "recipients": ["owner"], "subject": "Now", "active": false])
        _ = try await firm.firm.scope().run([
            "UPDATE reminders SET active = true WHERE id = \(reminder)::uuid",
            """
            INSERT INTO occurrences (id, reminder_id, recipient, due_at, local, time_zone)
            VALUES (cell.uuid_v7(), \(reminder)::uuid, 'user:' || \(own), \("\(minute):00Z")::timestamptz, \(minute), 'UTC')
            """,
        ])

        try await firm.working {
            try await firm.change("users/\(own)", ["digest": "daily"])
            try await eventually { try await firm.ledger("sent").count == 1 }
        }

        let mails = try firm.mails
        let sent = try await firm.ledger("sent").first
        #expect(mails.count == 1 && mails.first?.contains("Subject: \(minute.prefix(10)): 1 due") == true)
        #expect(mails.first?.contains(sent?["message_id"]?.string ?? "?") == true)
    }

    @Test("A week of digests by a test account's clock: one each morning, each reminder in one, that of the same minute in its own day's")
    func week() async throws {
        let firm = try await ReminderFirm.open()
        try await firm.patchSettings(["time_zone": "UTC"])
        try await firm.setClock("2027-03-01T00:00:00Z")
        try await firm.change("users/\(try await Self.own(firm))", ["digest": "daily"])
        for (subject, local, rule) in [
            ("Morning", "2027-03-01T09:00", "FREQ=DAILY"), ("Later", "2027-03-01T10:00", "FREQ=DAILY"),
            ("Tuesday", "2027-03-02T15:00", "FREQ=WEEKLY"),
        ] {
            _ = try await firm.make(
                "reminders",
                [
                    "when": ["local": .string(local), "time_zone": "UTC"], "rrule": .string(rule), "recipients": ["owner"],
                    "subject": .string(subject),
                ])
        }

        _ = try await firm.working { try await firm.advance(["to": "2027-03-08T09:00:00Z"]) }

        let (ledger, mails) = (try await firm.wholeLedger(), try firm.mails)
        #expect(ledger.count == 16 && ledger.allSatisfy { $0["status"] == "sent" }, "\(ledger)")
        #expect(mails.count == 8 && Set(ledger.compactMap { $0["message_id"]?.string }).count == 8)
        #expect(ledger.filter { $0["lateness_ms"] == 0 }.count == 8)
        #expect(mails.filter { $0.contains("Subject: 2027-03-03: 3 due") }.count == 1)
        #expect(mails.filter { $0.contains("Subject: 2027-03-01: 1 due") }.count == 1)
    }
}
