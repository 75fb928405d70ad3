import Foundation
import Records
import Support
import Testing

@testable import Server

@Suite("A test tenant's clock") struct TestClockTests {
    @Test("A year of schedules happens in a minute, each at its time and in order", .timeLimit(.minutes(2))) func year() async throws {
        let firm = try await ReminderFirm.open()
        try await firm.setClock("2027-01-01T00:00:00Z")
        let daily = try await firm.make("reminders", Self.daily("2027-01-01T09:00", "FREQ=DAILY"))
        let monthly = try await firm.make("reminders", Self.daily("2027-01-31T18:30", "FREQ=MONTHLY;BYMONTHDAY=-1"))
        let began = ContinuousClock.now

        let moved = try await firm.working { try await firm.advance(["seconds": .number(String(365 * 86_400))]) }

        #expect(ContinuousClock.now - began < .seconds(60))
        #expect(moved["now"] == "2028-01-01T00:00:00.000Z" && moved["fired"] == 377)
        #expect(try firm.mails.count == 377)
        let sent = try await firm.wholeLedger()
        #expect(sent.count == 377 && sent.allSatisfy { $0["status"] == "sent" && $0["lateness_ms"] == 0 })
        #expect(sent.filter { $0["reminder_id"] == .string(monthly) }.count == 12)
        // Summer and winter alike at nine.
        #expect(sent.filter { $0["reminder_id"] == .string(daily) }.allSatisfy { $0["local"]?.string?.hasSuffix("T09:00") == true })
    }

    private static func daily(_ local: String, _ rule: String) -> JSON {
        [
            "when": ["local": .string(local), "time_zone": "Europe/Berlin"], "rrule": .string(rule), "recipients": ["owner"],
            "subject": "Look after it",
        ]
    }

    @Test("What fell due before the clock's first time is past; after that everything is made up for in order") func first() async throws {
        let firm = try await ReminderFirm.open()
        let past = try await firm.make("reminders", Self.daily("2031-05-01T09:00", "FREQ=DAILY;COUNT=1"))
        let coming = try await firm.make("reminders", Self.daily("2031-05-03T09:00", "FREQ=DAILY;COUNT=1"))
        try await firm.working {
            try await eventually { try await firm.isIdle() }
            let set = try await firm.setClock("2031-05-02T00:00:00Z")
            #expect(set == ["now": "2031-05-02T00:00:00.000Z", "fired": 0])
            #expect(try await firm.wholeLedger().map { [$0["reminder_id"], $0["reason"]] } == [[.string(past), "past"]])
            #expect(try await firm.setClock("2031-05-02T12:00:00Z")["fired"] == 0)
            #expect(try await firm.advance(["to": "2031-05-03T07:00:00Z"])["fired"] == 1)
        }
        #expect(try await firm.ledger("sent").map { $0["reminder_id"] } == [.string(coming)])
        #expect(try firm.mails.count == 1)
    }

    @Test("The clock stands still: quiet hours last until it is moved on") func quiet() async throws {
        let firm = try await ReminderFirm.open()
        try await firm.patchSettings(["time_zone": "UTC", "quiet_hours": ["from": "22:00", "to": "07:00"]])
        try await firm.setClock("2027-03-01T20:00:00Z")
        _ = try await firm.make(
            "reminders", ["when": ["local": "2027-03-01T23:00", "time_zone": "UTC"], "recipients": ["owner"], "subject": "Late"])
        try await firm.working {
            let evening = try await firm.advance(["to": "2027-03-01T23:30:00Z"])
            #expect(evening["fired"] == 1)
            #expect(try await firm.ledger("planned").map { $0["reason"] } == ["quiet_hours"])
            #expect(try await firm.advance(["to": "2027-03-02T07:00:00Z"])["fired"] == 0)
        }
        let sent = try await firm.ledger("sent")
        #expect(sent.map { $0["lateness_ms"] } == [28_800_000])
        #expect(try firm.mails.count == 1)
    }

    @Test("A trial ends by the clock, its grace after it, and what falls due while the account is closed is skipped") func trial()
        async throws
    {
        let firm = try await ReminderFirm.open { $0.append(.init("trial_days", 14)) }
        let operators = firm.firm.site.operator()
        let tenant = "/operator/v1/tenants/\(firm.firm.slug)"
        let start = try #require(try await operators.get(tenant).json["trial_ends_at"]?.string.flatMap { Date(rfc3339: $0) })
        _ = try await firm.make("reminders", Self.daily(String((start + 300 * 86_400).apiText.prefix(16)), "FREQ=DAILY;COUNT=1"))
        try await firm.working {
            try await firm.setClock((start - 3_600).apiText)
            #expect(try await operators.get(tenant).json["state"] == "trial")
            try await firm.advance(["seconds": 7_200])
            #expect(try await operators.get(tenant).json["state"] == "past_due")

            let end = start + 301 * 86_400
            #expect(try await firm.advance(["to": .string(end.apiText)])["now"] == .string(end.apiText))

            #expect(try await operators.get(tenant).json["state"] == "suspended")
            #expect(try await firm.admin.post("/v1/test/clock/advance", ["seconds": 1]).code == "tenant_suspended")
            #expect(try await operators.post(tenant + "/resume", ["reason": "paid"]).status == 200)
            try await eventually { try await firm.ledger().map { $0["reason"] } == ["suspended"] }
        }
        #expect(try firm.mails.isEmpty)
    }

    @Test("Retention follows the clock") func retention() async throws {
        let firm = try await ReminderFirm.open()
        try await firm.patchSettings(["retention": ["companies_days": 30]])
        let company = try await firm.make("companies", ["name": "Miller"])
        try await firm.working {
            try await firm.advance(["seconds": .number(String(29 * 86_400))])
            #expect(try await firm.admin.get("/v1/companies/\(company)").status == 200)
            try await firm.advance(["seconds": .number(String(3 * 86_400))])
        }
        #expect(try await firm.admin.get("/v1/companies/\(company)").status == 404)
    }

    @Test("Only whoever runs a test account moves its clock, and only forwards") func refusals() async throws {
        let real = try await TestSite.shared.firm { members in
            members.removeAll { $0.name == "test" }
            members.append(.init("test", false))
        }
        let refused = try await real.admin().post("/v1/test/clock", ["now": "2031-01-01T00:00:00Z"])
        #expect(refused.status == 403 && refused.text.contains("test account"), "\(refused.text)")
        let firm = try await TestSite.shared.firm()
        #expect(try await firm.person("manager").post("/v1/test/clock", ["now": "2031-01-01T00:00:00Z"]).status == 403)
        let admin = try await firm.admin()
        #expect(try await admin.post("/v1/test/clock", ["now": "2031-01-01T00:00:00Z"]).status == 200)
        for (path, body, pointer) in [
            ("", ["now": "2030-12-31T23:59:59Z"], "/now"), ("", ["now": "tomorrow"], "/now"), ("", [:], "/now"),
            ("/advance", ["to": "2030-12-31T23:59:59Z"], "/to"), ("/advance", ["seconds": -1], "/seconds"), ("/advance", [:], "/seconds"),
            ("/advance", ["seconds": 1, "to": "2031-01-01T00:00:01Z"], "/seconds"), ("/advance", ["days": 1, "seconds": 1], "/days"),
        ] as [(String, JSON, String)] {
            let answer = try await admin.post("/v1/test/clock\(path)", body)
            #expect(answer.status == 422 && answer.pointers == [pointer], "\(path) \(body.text): \(answer.text)")
        }
        // The day is the account's everywhere.
        let agenda = try await admin.get("/v1/agenda").json
        #expect(agenda["from"] == "2031-01-01")
    }

    @Test("Nobody waits for ever where no worker works") func workless() async throws {
        // A database that no other test's workers know.
        let admin = try await TestSite(TestHouse.open(), ServerSettings.test).firm().admin()
        #expect(try await admin.post("/v1/test/clock", ["now": "2031-01-01T00:00:00Z"]).status == 200)
        let answer = try await admin.post("/v1/test/clock/advance", ["seconds": 172_800])
        #expect(answer.status == 503 && answer.text.contains("no worker"), "\(answer.text)")
    }
}

extension ReminderFirm {
    @discardableResult func setClock(_ now: String) async throws -> JSON {
        let answer = try await admin.post("/v1/test/clock", ["now": .string(now)])
        guard answer.status == 200 else { throw Unexpected(answer) }
        return try answer.json
    }

    @discardableResult func advance(_ body: JSON) async throws -> JSON {
        let answer = try await admin.post("/v1/test/clock/advance", body)
        guard answer.status == 200 else { throw Unexpected(answer) }
        return try answer.json
    }

    func patchSettings(_ body: JSON) async throws {
        let answer = try await admin.patch("/v1/settings", body)
        guard answer.status == 200 else { throw Unexpected(answer) }
    }

    /// Page after page, newest first.
    func wholeLedger() async throws -> [JSON] {
        var all: [JSON] = []
        var next: String? = ""
        while let after = next {
            let page = try await admin.get("/v1/occurrences?limit=200" + (after.isEmpty ? "" : "&after=\(after)")).json
            all += page["data"]?.elements ?? []
            next = page["page"]?["next"]?.string
        }
        return all
    }
}
