import CRM
import Foundation
import Postgres
import Records
import Secrets
import Support
import Synchronization
import Testing

@testable import Server

@Suite("Whatever decides when a reminder is due moves it at once") struct ReminderMoveTests {
    @Test("The account's time for days without one, and its zone") func settings() async throws {
        let firm = try await ReminderFirm.open()
        try await firm.patchSettings(["time_zone": "UTC"])
        try await firm.setClock("2027-06-08T00:00:00Z")
        let contact = try await firm.make("contacts", ["last_name": "Miller", "birthday": "2027-06-10"])
        _ = try await firm.make(
            "reminders",
            [
                "about": ["type": "contacts", "id": .string(contact)], "when": ["field": "birthday"], "rrule": "FREQ=DAILY;COUNT=2",
                "recipients": ["owner"], "subject": "Birthday",
            ])
        try await firm.working {
            // It has woken by the earliest clocks on earth and waits for nine o'clock.
            try await firm.advance(["to": "2027-06-10T05:00:00Z"])
            try await firm.patchSettings(["reminder_defaults": ["at": "06:00"]])
            #expect(try await firm.advance(["to": "2027-06-10T06:00:00Z"])["fired"] == 1)
            // And now for six o'clock of the next day in Greenwich, which in Auckland has been.
            try await firm.advance(["to": "2027-06-10T17:00:00Z"])
            try await firm.patchSettings(["time_zone": "Pacific/Auckland"])
            #expect(try await firm.advance(["to": "2027-06-10T18:00:00Z"])["fired"] == 1)
        }
        #expect(try await firm.ledger("sent").map { $0["due_at"] } == ["2027-06-10T18:00:00.000Z", "2027-06-10T06:00:00.000Z"])
    }

    @Test("The account's minutes before or after a date, for those that have none of their own") func offset() async throws {
        let firm = try await ReminderFirm.open()
        try await firm.patchSettings(["time_zone": "UTC", "reminder_defaults": ["offset_minutes": -1440]])
        try await firm.setClock("2027-06-08T00:00:00Z")
        let early = try await firm.make("contacts", ["last_name": "Early", "birthday": "2027-06-09"])
        let late = try await firm.make("contacts", ["last_name": "Late", "birthday": "2027-06-10"])
        let whens: [(String, JSON)] = [
            (early, ["field": "birthday"]), (late, ["field": "birthday"]), (late, ["field": "birthday", "offset_minutes": 0]),
        ]
        for (contact, when) in whens {
            _ = try await firm.make(
                "reminders",
                [
                    "about": ["type": "contacts", "id": .string(contact)], "when": when, "recipients": ["owner"], "subject": "Birthday",
                ])
        }
        try await firm.working {
            // Nine o'clock of the day before.
            #expect(try await firm.advance(["to": "2027-06-08T08:59:00Z"])["fired"] == 0)
            #expect(try await firm.advance(["to": "2027-06-08T09:00:00Z"])["fired"] == 1)
            #expect(try await firm.advance(["to": "2027-06-09T08:59:00Z"])["fired"] == 0)
            // An hour later, said a minute before.
            try await firm.patchSettings(["reminder_defaults": ["offset_minutes": -1380]])
            #expect(try await firm.advance(["to": "2027-06-09T09:59:00Z"])["fired"] == 0)
            #expect(try await firm.advance(["to": "2027-06-09T10:00:00Z"])["fired"] == 1)
            #expect(try await firm.advance(["to": "2027-06-10T09:00:00Z"])["fired"] == 1)
        }
        let sent = try await firm.ledger("sent").map { [$0["due_at"], $0["about"]?["id"]] }
        #expect(
            sent == [
                ["2027-06-10T09:00:00.000Z", .string(late)], ["2027-06-09T10:00:00.000Z", .string(late)],
                ["2027-06-08T09:00:00.000Z", .string(early)],
            ])
    }

    @Test("The clocks of whoever is told") func travellers() async throws {
        let firm = try await ReminderFirm.open()
        try await firm.setClock("2027-06-09T00:00:00Z")
        let contact = try await firm.make(
            "contacts", ["last_name": "Miller", "email": "miller@example.com", "birthday": "2027-06-10", "time_zone": "America/New_York"])
        for recipient in ["self", ["contact_id": .string(contact)]] as [JSON] {
            _ = try await firm.make(
                "reminders",
                [
                    "about": ["type": "contacts"], "when": ["field": "birthday"], "recipients": [recipient],
                    "subject": "Congratulations",
                ])
        }
        try await firm.working {
            try await firm.advance(["to": "2027-06-10T01:00:00Z"])
            try await firm.change("contacts/\(contact)", ["time_zone": "Asia/Kolkata"])
            #expect(try await firm.advance(["to": "2027-06-10T04:00:00Z"])["fired"] == 2)
        }
        let due: JSON = "2027-06-10T03:30:00.000Z"
        #expect(try await firm.ledger("sent").map { $0["due_at"] } == [due, due])
    }

    @Test("A record that was being written while a reminder about all of its type was made is reminded of too") func overlap() async throws
    {
        let firm = try await ReminderFirm.open()
        let scope = try await firm.firm.scope()
        let id = UUID.v7()
        let meeting = Date.now + 4
        let (written, released) = (Flag(), Flag())
        try await firm.working {
            async let writing: Void = scope.transaction { transaction in
                // As a write of a moment before, which has asked whether any reminder wants to know and heard of none.
                _ = try transaction.rows(
                    """
                    INSERT INTO contacts (id, last_name, owner_id, c_meets_at)
                    SELECT \(id)::uuid, 'Overlap', id, \(meeting)::timestamptz FROM users LIMIT 1
                    """)
                written.raise()
                // The body has a thread of its own.
                while !released.isUp { _ = try transaction.rows("SELECT pg_sleep(0.01)") }
            }
            try await eventually { written.isUp }
            _ = try await firm.make("reminders", ReminderFirm.reminder(about: nil))
            try await eventually { try await firm.hasPlanned() }
            released.raise()
            try await writing
            try await eventually(within: .seconds(10)) { try await firm.ledger("sent").count == 1 }
        }
        #expect(try await firm.ledger().map { $0["about"]?["id"] } == [.string(id.uuidString.lowercased())])
    }

    @Test("What fell due while the account was suspended is skipped, however short that was") func suspension() async throws {
        let firm = try await ReminderFirm.open()
        let contact = try await firm.contact(meetsIn: 1.5)
        _ = try await firm.make("reminders", ReminderFirm.reminder(about: contact))
        let (operators, tenant) = (firm.firm.site.operator(), "/operator/v1/tenants/\(firm.firm.slug)")
        let due = Date.now + 1.8
        try await firm.working {
            try await eventually { try await firm.hasPlanned() }
            #expect(try await operators.post(tenant + "/suspend", ["reason": "unpaid"]).status == 200)
            try await eventually { Date.now > due }
            #expect(try await operators.post(tenant + "/resume", ["reason": "paid"]).status == 200)
            try await eventually { try await firm.ledger().map { $0["reason"] } == ["suspended"] }
        }
        #expect(try firm.mails.isEmpty)
    }

    @Test("Holidays and business hours move what waits for a business day") func businessDays() async throws {
        let firm = try await ReminderFirm.open()
        try await firm.patchSettings(["time_zone": "Europe/Berlin", "holidays": ["2026-12-25", "2026-12-28"]])
        let when: JSON = ["local": "2026-12-24T09:00", "time_zone": "Europe/Berlin", "business_days": true]
        let preview = try await firm.admin.post(
            "/v1/reminders/preview", ["when": when, "rrule": "FREQ=DAILY;COUNT=7", "from": "2026-12-01T00:00:00Z"])
        // Christmas, the weekend and a bridge: five days on one, which is there once.
        #expect(
            try preview.json["data"]?.elements?.map { $0["local"] } == ["2026-12-24T09:00", "2026-12-29T09:00", "2026-12-30T09:00"],
            "\(preview.text)")

        try await firm.setClock("2027-04-01T00:00:00Z")
        _ = try await firm.make(
            "reminders",
            [
                "when": ["local": "2027-04-03T09:00", "time_zone": "Europe/Berlin", "business_days": true], "recipients": ["owner"],
                "subject": "On a Saturday",
            ])
        try await firm.working {
            #expect(try await firm.advance(["to": "2027-04-04T00:00:00Z"])["fired"] == 0)
            // Easter Monday of another year, said late.
            try await firm.patchSettings(["holidays": ["2027-04-05"]])
            #expect(try await firm.advance(["to": "2027-04-05T12:00:00Z"])["fired"] == 0)
            // And the firm closes on Tuesdays.
            try await firm.patchSettings(["business_hours": ["tuesday": []]])
            #expect(try await firm.advance(["to": "2027-04-07T12:00:00Z"])["fired"] == 1)
        }
        let sent = try await firm.ledger("sent")
        #expect(sent.map { $0["local"] } == ["2027-04-07T09:00"])
        #expect(try firm.mails.count == 1)
    }

    @Test("What waits for business hours comes when they begin, wherever they are moved to") func businessHours() async throws {
        let firm = try await ReminderFirm.open()
        try await firm.patchSettings([
            "time_zone": "Europe/Berlin", "holidays": ["2027-04-05"],
            "business_hours": ["friday": [["from": "08:30", "to": "12:00"], ["from": "13:00", "to": "16:00"]]],
        ])
        func when(_ local: String) -> JSON { ["local": .string(local), "time_zone": "Europe/Berlin", "business_hours": true] }
        for (local, expected) in [
            ("2027-04-02T06:00", "2027-04-02T08:30"), ("2027-04-02T08:30", "2027-04-02T08:30"), ("2027-04-02T12:00", "2027-04-02T13:00"),
            ("2027-04-02T15:59", "2027-04-02T15:59"), ("2027-04-02T16:00", "2027-04-06T09:00"), ("2027-04-04T12:00", "2027-04-06T09:00"),
        ] {
            let preview = try await firm.admin.post(
                "/v1/reminders/preview", ["when": when(local), "from": "2027-01-01T00:00:00Z", "to": "2027-05-01T00:00:00Z"])
            #expect(try preview.json["data"]?.elements?.map { $0["local"] } == [.string(expected)], "\(local): \(preview.text)")
        }
        let flag = try await firm.admin.post(
            "/v1/reminders/preview", ["when": ["local": "2027-04-02T06:00", "time_zone": "UTC", "business_hours": "yes"]])
        #expect(flag.pointers == ["/when/business_hours"], "\(flag.text)")

        try await firm.setClock("2027-04-01T20:00:00Z")
        _ = try await firm.make(
            "reminders", ["when": when("2027-04-02T16:30"), "recipients": ["owner"], "subject": "After work on a Friday"])
        try await firm.working {
            #expect(try await firm.advance(["to": "2027-04-06T06:00:00Z"])["fired"] == 0)
            try await firm.patchSettings(["business_hours": ["tuesday": [["from": "11:15", "to": "18:00"]]]])
            #expect(try await firm.advance(["to": "2027-04-06T09:00:00Z"])["fired"] == 0)
            #expect(try await firm.advance(["to": "2027-04-06T09:15:00Z"])["fired"] == 1)
        }
        #expect(try await firm.ledger("sent").map { $0["local"] } == ["2027-04-06T11:15"])
    }

    @Test("A mail put off by quiet hours does not go out on a holiday") func quietHoliday() async throws {
        let firm = try await ReminderFirm.open()
        try await firm.patchSettings(["time_zone": "UTC", "quiet_hours": ["from": "20:00", "to": "07:00"]])
        try await firm.setClock("2027-04-02T12:00:00Z")
        _ = try await firm.make(
            "reminders",
            [
                "when": ["local": "2027-04-02T21:00", "time_zone": "UTC", "business_days": true], "recipients": ["owner"],
                "subject": "On a Friday evening",
            ])
        try await firm.working {
            #expect(try await firm.advance(["to": "2027-04-04T00:00:00Z"])["fired"] == 1)
            #expect(try await firm.ledger("planned").map { $0["reason"] } == ["quiet_hours"])
            try await firm.advance(["to": "2027-04-07T00:00:00Z"])
        }
        // On Monday at seven.
        let sent = try await firm.ledger("sent")
        #expect(sent.map { $0["lateness_ms"] } == [.number(String((2 * 24 + 10) * 3_600_000))])
    }

    @Test("A reminder tells nobody who was erased") func erased() async throws {
        let firm = try await ReminderFirm.open()
        let email = "Jane.Roe-\(TestSite.unique())@example.com"
        let contact = try await firm.make("contacts", ["last_name": "Roe", "email": .string(email)])
        func reminder(_ recipients: JSON) async throws -> String {
            try await firm.make(
                "reminders",
                ["when": ["local": "2031-01-31T09:00", "time_zone": "UTC"], "recipients": recipients, "subject": "Call", "active": true])
        }
        let shared = try await reminder(["owner", ["email": .string(email.lowercased())], ["contact_id": .string(contact)]])
        let own = try await reminder([["email": .string(email)]])
        let former = try await reminder([["email": .string(email)]])
        try await firm.change("reminders/\(former)", ["recipients": ["owner"]])

        #expect(try await firm.admin.post("/v1/contacts/\(contact)/erase", ["reason": "Art. 17"]).status == 200)

        let left = try await firm.admin.get("/v1/reminders/\(shared)").json
        #expect(left["recipients"] == ["owner"] && left["active"] == true)
        let idle = try await firm.admin.get("/v1/reminders/\(own)").json
        #expect(idle["recipients"] == [] && idle["active"] == false)
        let rows = try await firm.firm.scope().rows(
            "SELECT count(*) FROM changes WHERE type = 'reminders' AND fields::text ILIKE \("%\(email)%")")
        #expect(try rows[0].int(0) == 0)
    }
}

/// Says something from one thread to another.
private final class Flag: Sendable {
    private let state = Atomic(false)
    var isUp: Bool { state.load(ordering: .acquiring) }
    func raise() { state.store(true, ordering: .releasing) }
}

extension ReminderFirm {
    /// What is due later is promised, and nothing is planned just now.
    func hasPlanned() async throws -> Bool {
        let done = try await firm.site.installation.cells.scope(of: "main").rows(
            """
            SELECT count(*) FROM finished_jobs AS j JOIN job_lanes AS l ON l.id = j.lane_id JOIN tenants AS t ON t.id = l.tenant_id
            WHERE t.slug = \(firm.slug) AND l.kind = 'plan_reminders'
            """)
        return try done[0].int(0) > 0
    }
}
