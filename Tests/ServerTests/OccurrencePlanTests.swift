import Foundation
import Postgres
import Records
import Support
import Testing

@testable import CRM

@Suite("The ledger of many years") struct OccurrencePlanTests {
    @Test("Those of one status are found through their index, however rare they are") func status() async throws {
        let tenant = try await TestHouse.tenant()
        _ = try await tenant.scope.run([
            """
            INSERT INTO reminders (id, moment, recipients, subject) VALUES (cell.uuid_v7(), '{"local": "2020-01-01T09:00", "time_zone": "UTC"}', '[]', 'x')
            """,
            """
            INSERT INTO occurrences (id, reminder_id, recipient, due_at, local, time_zone, status)
            SELECT gen_random_uuid(), (SELECT id FROM reminders), 'email:a@example.com', timestamptz '2020-01-01' + n * interval '1 minute',
                '2020-01-01T09:00', 'UTC', CASE WHEN n % 5000 = 0 THEN 'failed' ELSE 'sent' END
            FROM generate_series(1, 20000) AS n
            """,
            "ANALYZE occurrences",
        ])
        let list = OccurrenceList(in: tenant.scope, for: tenant.admin, of: TestHouse.catalog)

        let plan = try await tenant.scope.rows("EXPLAIN " + list.statement(status: "failed", after: nil, limit: 51))
            .compactMap { $0.optionalText(0) }.joined(separator: "\n")

        #expect(plan.contains("occurrences_status"), "\(plan)")
        #expect(try await list.page(status: "failed", after: nil, limit: 51).count == 4)
    }

    @Test("One statement decides about a mail, also where the account has fields of its own") func oneLook() async throws {
        let firm = try await ReminderFirm.open()
        let scope = try await firm.firm.scope()
        let contact = try await firm.contact(meetsIn: 3_600)
        let reminder = try await firm.make("reminders", ReminderFirm.reminder(about: contact))
        let occurrence = UUID()
        _ = try await scope.run([
            """
            INSERT INTO occurrences (id, reminder_id, about_type, about_id, recipient, due_at, local, time_zone)
            SELECT \(occurrence)::uuid, \(reminder)::uuid, 'contacts', id, 'user:' || owner_id, c_meets_at, '2020-01-01T09:00', 'UTC'
            FROM contacts WHERE id = \(contact)::uuid
            """
        ])
        let shapes = KnownShapes(RecordTypes.builtIn)
        // Connections that nobody else uses.
        let process = try await TestHouse.open(at: firm.firm.site.installation.settings.ownerURL)
        let own = try process.directory.scope(for: scope.tenant)
        func flushes() -> Int { process.figures.filter { $0.name.hasPrefix("api") }.reduce(0) { $0 + $1.flushes } }
        func look(_ field: String?) async throws -> (flushes: Int, mail: ReminderMail?) {
            let before = flushes()
            let mail = try await ReminderLook(occurrence: occurrence, type: "contacts", field: field).answer(in: own, shapes)
            return (flushes() - before, mail)
        }

        // The first one learns what the account has.
        #expect(try await look("custom.meets_at").flushes == 2)
        let next = try await look("custom.meets_at")
        #expect(next.flushes == 1 && next.mail?.objection(.now) == nil && next.mail?.about?.title == "Miller")
        // Promised by an older release, or the reminder counts from something else now.
        let other = try await look(nil)
        #expect(other.flushes == 2 && other.mail?.objection(.now) == nil)

        let field = try await firm.admin.post("/v1/custom_fields", ["type": "contacts", "name": "size", "label": "Size", "kind": "text"])
        #expect(field.status == 201)
        #expect(try await look("custom.meets_at").flushes == 2)
        #expect(try await look("custom.meets_at").flushes == 1)
        await process.close()
    }
}
