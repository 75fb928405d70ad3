import Foundation
import Records
import Support
import Testing

@testable import Server

@Suite("Nothing is forgotten") struct ReminderTests {
    @Test("A reminder arrives when a record's time has come, and the ledger says so") func arrival() async throws {
        let firm = try await ReminderFirm.open()
        let contact = try await firm.contact(meetsIn: 1.5)
        let reminder = try await firm.make("reminders", ReminderFirm.reminder(about: contact))

        try await firm.working { try await eventually { try await firm.ledger("sent").count == 1 } }

        let sent = try #require(try await firm.ledger().first)
        let mails = try firm.mails
        #expect(mails.count == 1 && mails.allSatisfy { $0.contains("Subject: Meet Miller") && $0.contains(firm.firm.email) })
        #expect(sent["reminder_id"]?.string == reminder && sent["about"] == ["type": "contacts", "id": .string(contact)])
        #expect(mails.first?.contains(sent["message_id"]?.string ?? "?") == true)
        #expect(try #require(sent["lateness_ms"]?.integer) < 1_000)
        let own = try await firm.admin.get("/v1/reminders/\(reminder)/occurrences").json["data"]?.elements
        #expect(own?.map { $0["id"] } == [sent["id"]])
        let entries = try await firm.admin.get("/v1/contacts/\(contact)/timeline").json["data"]?.elements
        let story = entries?.first { $0["kind"] == "reminder" }
        #expect(story?["summary"] == "Meet {{record.last_name}}" && story?["data"]?["status"] == "sent" && story?["at"] == sent["due_at"])
        // What it said may be more than the reader's role shows.
        #expect(entries?.contains { $0["kind"] == "mail" } == false)
    }

    @Test("Whoever moves the date moves the reminder, by whatever call") func moved() async throws {
        let firm = try await ReminderFirm.open()
        let contact = try await firm.contact(meetsIn: 3_600)
        _ = try await firm.make("reminders", ReminderFirm.reminder(about: nil))
        try await firm.working {
            try await eventually { try await firm.isIdle() }
            let batch: JSON = [
                "operations": [
                    ["op": "update", "id": .string(contact), "body": ["custom": ["meets_at": .string(ReminderFirm.time(0.5))]]],
                    ["op": "create", "body": ["last_name": "Young", "custom": ["meets_at": .string(ReminderFirm.time(0.6))]]],
                    ["op": "create", "body": ["last_name": "Later", "custom": ["meets_at": .string(ReminderFirm.time(9_000))]]],
                ]
            ]
            let answer = try await firm.admin.post("/v1/contacts/batch", batch)
            #expect(answer.status == 200, "\(answer.text)")
            try await eventually { try await firm.ledger("sent").count == 2 }
        }
        #expect(try firm.mails.filter { $0.contains("Subject: Meet Young") }.count == 1)
        #expect(try firm.mails.filter { $0.contains("Subject: Meet Miller") }.count == 1)
        #expect(try await firm.ledger().count == 2)
    }

    @Test("What lies in the past when a reminder is made, activated or restored is skipped") func past() async throws {
        let firm = try await ReminderFirm.open()
        let local: JSON = ["local": "2020-01-31T09:00", "time_zone": "Europe/Berlin"]
        let body: JSON = ["when": local, "recipients": ["owner"], "subject": "Long ago"]
        try await firm.working {
            _ = try await firm.make("reminders", body)
            let soon = try await firm.contact(meetsIn: 0.4)
            let sleeping = try await firm.make("reminders", ReminderFirm.reminder(about: soon, [.init("active", false)]))
            try await eventually { try await firm.ledger("skipped").count == 1 }
            let passed = try await Self.date(firm, soon) + 0.1
            try await eventually { Date.now > passed }
            try await firm.change("reminders/\(sleeping)", ["active": true])
            try await eventually { try await firm.ledger("skipped").count == 2 }
            try await eventually { try await firm.isIdle() }
        }
        #expect(try await firm.ledger().allSatisfy { $0["reason"] == "past" })
        #expect(try firm.mails.isEmpty)
    }

    private static func date(_ firm: ReminderFirm, _ contact: String) async throws -> Date {
        let text = try await firm.admin.get("/v1/contacts/\(contact)").json["custom"]?["meets_at"]?.string
        return try #require(text.flatMap { Date(rfc3339: $0) })
    }

    @Test("What speaks against a mail at the last moment is told") func rechecked() async throws {
        let firm = try await ReminderFirm.open()
        let away = try await firm.contact(meetsIn: 0.7)
        _ = try await firm.make("reminders", ReminderFirm.reminder(about: away))
        #expect(try await firm.admin.delete("/v1/contacts/\(away)").status == 204)
        let mute = try await firm.contact(meetsIn: 0.7, [.init("email", "mute@example.com"), .init("email_opt_out", true)])
        _ = try await firm.make("reminders", ReminderFirm.reminder(about: mute, [.init("recipients", ["self"])]))
        let mailless = try await firm.contact(meetsIn: 0.7)
        _ = try await firm.make("reminders", ReminderFirm.reminder(about: mailless, [.init("recipients", ["self"])]))

        try await firm.working { try await eventually { try await firm.ledger("skipped").count == 3 } }

        let reasons = Set(try await firm.ledger().compactMap { $0["reason"]?.string })
        #expect(reasons == ["trashed", "opted_out", "no_address"])
        #expect(try firm.mails.isEmpty)
    }

    @Test("Quiet hours put a mail off to their end") func quiet() async throws {
        let firm = try await ReminderFirm.open()
        // From an hour ago to two hours from now, wherever the test runs.
        func clock(_ hours: Double) -> JSON { .string(String((Date.now + hours * 3_600).apiText.dropFirst(11).prefix(5))) }
        let settings = try await firm.admin.patch(
            "/v1/settings", ["time_zone": "UTC", "quiet_hours": ["from": clock(-1), "to": clock(2)]])
        #expect(settings.status == 200, "\(settings.text)")
        let contact = try await firm.contact(meetsIn: 0.3)
        _ = try await firm.make("reminders", ReminderFirm.reminder(about: contact))

        try await firm.working { try await eventually { try await firm.ledger("planned").first?["reason"] == "quiet_hours" } }

        #expect(try firm.mails.isEmpty)
    }

    @Test("A task reminds whoever is to do it; what was to be said before it was made is past") func task() async throws {
        let firm = try await ReminderFirm.open()
        let due = Date.now + 3_600
        let local = String(due.apiText.prefix(16))
        let task = try await firm.make(
            "tasks", ["title": "Call", "due": ["local": .string(local), "time_zone": "UTC"], "reminders": [30, 1_440]])

        try await firm.working { try await eventually { try await firm.ledger("skipped").count == 1 } }

        let past = try #require(try await firm.ledger().first)
        #expect(past["reminder_id"] == .null && past["about"] == ["type": "tasks", "id": .string(task)] && past["reason"] == "past")
        let expected = try #require(Date(rfc3339: "\(local):00Z")).addingTimeInterval(-1_800).apiText
        try await eventually {
            let next = try await firm.firm.site.installation.cells.scope(of: "main").rows(
                """
                SELECT j.run_at FROM jobs AS j JOIN job_lanes AS l ON l.id = j.lane_id JOIN tenants AS t ON t.id = l.tenant_id
                WHERE t.slug = \(firm.firm.slug) AND l.kind = 'due_reminder'
                """)
            return try next.map { try $0.date(0).apiText } == [expected]
        }
    }

    @Test("A mail is in the language of whoever is reminded, and in the firm's where they have chosen none") func language() async throws {
        let firm = try await ReminderFirm.open()
        try await firm.patchSettings(["time_zone": "UTC", "locale": "es-MX"])
        let colleague = try await firm.firm.userID(try await firm.firm.user("member"))
        try await firm.change("users/\(colleague)", ["locale": "de"])
        try await firm.setClock("2031-05-01T00:00:00Z")
        let due: JSON = ["local": "2031-05-02T09:00", "time_zone": "UTC"]
        _ = try await firm.make("tasks", ["title": "Llamar", "due": due, "reminders": [30]])
        _ = try await firm.make("tasks", ["title": "Anrufen", "due": due, "reminders": [30], "assignee_id": .string(colleague)])

        let moved = try await firm.working { try await firm.advance(["to": "2031-05-02T09:00:00Z"]) }

        let mails = try firm.mails
        #expect(moved["fired"] == 2 && mails.count == 2)
        for (language, subject) in [("es", "Recordatorio: Llamar"), ("de", "Erinnerung: Anrufen")] {
            let mail = mails.first { $0.contains("\r\nSubject: \(subject)\r\n") }
            #expect(mail?.contains("\r\nContent-Language: \(language)\r\n") == true, "\(mails)")
        }
    }

    @Test("Clocks that are set forward or back decide, and a rule's exceptions are left out") func preview() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let answer = try await admin.post(
            "/v1/reminders/preview",
            [
                "when": ["local": "2026-03-28T02:30", "time_zone": "Europe/Berlin"], "rrule": "FREQ=DAILY;COUNT=4",
                "exdate": ["2026-03-30T02:30"], "from": "2026-03-01T00:00:00Z", "to": "2026-04-30T00:00:00Z",
            ])
        #expect(answer.status == 200, "\(answer.text)")
        #expect(
            try answer.json["data"]
                == [
                    ["due_at": "2026-03-28T01:30:00.000Z", "local": "2026-03-28T02:30"],
                    ["due_at": "2026-03-29T01:30:00.000Z", "local": "2026-03-29T03:30"],
                    ["due_at": "2026-03-31T00:30:00.000Z", "local": "2026-03-31T02:30"],
                ])
    }

    @Test("What is wrong with a reminder or a template is told with its place") func refusals() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let nobody = JSON.string("01890000-0000-7000-8000-000000000000")
        let local: JSON = ["local": "2031-01-31T09:00", "time_zone": "Europe/Berlin"]
        func body(_ changes: [String: JSON]) -> JSON {
            let members: [String: JSON] = ["when": local, "recipients": ["owner"], "subject": "x"]
            return .object(members.merging(changes) { $1 }.map { JSON.Member($0.key, $0.value) })
        }
        let wrong: [(JSON, String)] = [
            (body(["when": ["local": "2031-02-30T09:00", "time_zone": "Europe/Berlin"]]), "/when/local"),
            (body(["when": ["local": "2031-01-31T09:00", "time_zone": "Mars"]]), "/when/time_zone"),
            (body(["when": ["field": "birthday"]]), "/when/field"),
            (body(["when": ["field": "phone"], "about": ["type": "contacts"]]), "/when/field"),
            (
                body(["when": ["field": "birthday", "offset_minutes": .number("1.5")], "about": ["type": "contacts"]]),
                "/when/offset_minutes"
            ),
            (body(["about": ["type": "users"]]), "/about/type"),
            (body(["about": ["type": "contacts", "id": nobody]]), "/about"),
            (body(["rrule": "FREQ=HOURLY"]), "/rrule"),
            (body(["rrule": "RRULE:FREQ=DAILY"]), "/rrule"),
            (body(["exdate": ["2031-01-31"]]), "/exdate/0"),
            (body(["recipients": []]), "/recipients"),
            (body(["recipients": ["self"]]), "/recipients/0"),
            (body(["recipients": ["owner", ["user_id": nobody]]]), "/recipients/1/user_id"),
            (body(["recipients": [["email": "nobody"]]]), "/recipients/0/email"),
            (body(["subject": .null]), "/subject"),
            (body(["subject": "{{record.nme}}"]), "/subject"),
            (body(["template_id": nobody]), "/template_id"),
        ]
        for (body, pointer) in wrong {
            let refused = try await admin.post("/v1/reminders", body)
            #expect(refused.status == 422 && refused.pointers == [pointer], "\(pointer): \(refused.text)")
        }
        let template = try await admin.post("/v1/templates", ["name": "x", "subject": "x", "body": "Hello {{recipient.nam}}"])
        #expect(template.status == 422 && template.pointers == ["/body"])
    }

    @Test("A template is previewed about a record, and stays while a reminder has it") func template() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let contact = try await admin.post("/v1/contacts", ["first_name": "<Ann>", "last_name": "Miller"]).json["id"] ?? .null
        let template = try await admin.post(
            "/v1/templates",
            ["name": "Hello", "subject": "Hello {{record.first_name}}", "body": "Dear **{{record.title}}** of {{tenant.name}}"])
        #expect(template.status == 201, "\(template.text)")
        let id = try template.json["id"] ?? .null

        let preview = try await admin.post("/v1/templates/\(id.string ?? "")/preview", ["about": ["type": "contacts", "id": contact]])
        let reminder = try await admin.post(
            "/v1/reminders",
            ["when": ["local": "2031-01-31T09:00", "time_zone": "UTC"], "recipients": ["owner"], "template_id": id])

        #expect(preview.status == 200 && reminder.status == 201, "\(preview.text) \(reminder.text)")
        #expect(try preview.json["subject"] == "Hello <Ann>")
        #expect(try preview.json["html"]?.string?.contains("&lt;Ann&gt; Miller</strong> of Test Firm") == true)
        #expect(try await admin.delete("/v1/templates/\(id.string ?? "")").status == 409)
    }

    @Test("A plan limits how many reminders are active") func limit() async throws {
        let firm = try await LimitedFirm(["active_reminders": 1])
        let body: JSON = [
            "when": ["local": "2031-01-31T09:00", "time_zone": "UTC"], "recipients": ["owner"], "subject": "x",
        ]
        let first = try await firm.admin.post("/v1/reminders", body)
        let second = try await firm.admin.post("/v1/reminders", body)
        #expect(first.status == 201 && second.status == 402, "\(first.text) \(second.text)")
        #expect(try second.json["resource"] == "active_reminders" && second.json["limit"] == 1 && second.json["used"] == 1)

        #expect(try await firm.admin.patch("/v1/reminders/\(first.json["id"]?.string ?? "")", ["active": false]).status == 200)
        #expect(try await firm.admin.post("/v1/reminders", body).status == 201)
    }
}
