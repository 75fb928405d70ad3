import Foundation
import Jobs
import Postgres
import Records
import Secrets
import Support
import Tenancy
import Testing

@testable import CRM

@Suite("What need not be kept goes by itself") struct RetentionTests {
    /// Does one job of a tenant as a worker would.
    private func perform(_ job: SQL, for scope: TenantScope) async throws {
        let house = QueueHouse(installation: try await TestHouse.installation)
        let handlers = StandingWork.handlers(TestHouse.catalog, house.installation)
        try await house.working([house.worker(handlers.all, for: [scope])]) {
            _ = try await scope.run([job])
            try await eventually { try await house.states(of: scope) == [:] }
        }
    }

    @Test("Expired sessions and kept answers of yesterday go, the others stay") func access() async throws {
        let tenant = try await TestHouse.tenant()
        for (token, hours) in [("old", -1), ("new", 1)] {
            _ = try await tenant.scope.run([
                """
                INSERT INTO sessions (token_hash, user_id, expires_at)
                VALUES (\(SQLValue.bytes(Array(token.utf8))), \(tenant.tenant.adminID), now() + make_interval(hours => \(hours)))
                """
            ])
        }
        _ = try await tenant.scope.run([
            """
            INSERT INTO idempotent_requests (credential, key, fingerprint, created_at)
            SELECT gen_random_uuid(), n::text, '', now() - make_interval(hours => n) FROM generate_series(20, 28) AS n
            """,
            """
            INSERT INTO idempotent_requests (credential, key, fingerprint, created_at)
            SELECT gen_random_uuid(), n::text, '', now() - interval '2 days' FROM generate_series(1000, 5500) AS n
            """,
        ])

        try await perform(.enqueue(PruneAccess()), for: tenant.scope)

        #expect(try await tenant.scope.rows("SELECT token_hash FROM sessions").map { try $0.bytes(0) } == [Array("new".utf8)])
        let kept = try await tenant.scope.rows("SELECT key FROM idempotent_requests ORDER BY key").map { try $0.text(0) }
        #expect(kept == ["20", "21", "22", "23"])
    }

    @Test("What is known of a mail goes after 90 days, whatever it was about") func mails() async throws {
        let tenant = try await TestHouse.tenant()
        for (subject, days) in [("old", 91), ("new", 89)] {
            for about in [nil, UUID.v7()] {
                _ = try await tenant.scope.run([
                    """
                    INSERT INTO mails (id, kind, recipient, subject, about_id, state, created_at)
                    VALUES (\(UUID.v7()), 'reminder', 'x@example.org', \(subject), \(about)::uuid, 'sent', now() - make_interval(days => \(days)))
                    """
                ])
            }
        }

        try await perform(.enqueue(PruneAccess()), for: tenant.scope)

        #expect(try await tenant.scope.rows("SELECT subject FROM mails").map { try $0.text(0) } == ["new", "new"])
    }

    @Test("A number of use that is wrong is put right at night, and the operators' audit says so") func recount() async throws {
        let tenant = try await TestHouse.tenant()
        _ = try await tenant.store("contacts").create(["last_name": "One"])
        _ = try await tenant.scope.run(["UPDATE usage SET used = used + 6 WHERE resource = 'records.contacts'"])

        try await perform(.enqueue(RecountUsage()), for: tenant.scope)

        let used = try await tenant.scope.rows("SELECT used FROM usage WHERE resource = 'records.contacts'")
        #expect(try used[0].int(0) == 1)
        let entry = try await TestHouse.installation.audit.entries(target: tenant.tenant.slug, limit: 1).first
        #expect(entry?.action == "recount" && entry?.reason == "records.contacts: 7 instead of 1", "\(String(describing: entry))")
    }

    @Test(
        "An entry of the audit goes once it is older than the settings say, or than two years where they say nothing",
        arguments: [(#"{"retention":{"audit_days":90}}"#, ["89"]), (nil, ["89", "91", "729"])] as [(String?, [String])])
    func audit(settings: String?, kept: [String]) async throws {
        let tenant = try await TestHouse.tenant(settings: settings)
        for days in [89, 91, 729, 731] {
            _ = try await tenant.scope.run([
                """
                INSERT INTO audit (id, at, action, request_id)
                VALUES (\(UUID.v7()), now() - make_interval(days => \(days)), 'sign_in', \(String(days)))
                """
            ])
        }

        try await perform(.enqueue(ForgetExports()), for: tenant.scope)

        let left = try await tenant.scope.rows("SELECT request_id FROM audit WHERE action = 'sign_in' ORDER BY at DESC")
        #expect(try left.map { try $0.text(0) } == kept)
    }

    @Test("What lies in the trash longer than the settings say is deleted for good, with its references and a line in the change log")
    func trash() async throws {
        let tenant = try await TestHouse.tenant(settings: #"{"retention":{"trash_days":7}}"#)
        let companies = tenant.store("companies")
        let old = try #require(try await companies.create(["name": "Old"]).id)
        let young = try #require(try await companies.create(["name": "Young"]).id)
        let contact = try #require(try await tenant.store("contacts").create(["last_name": "Doe", "company_id": .string(old)]).id)
        for (id, days) in [(old, 8), (young, 6)] {
            _ = try await companies.trash(id)
            _ = try await tenant.scope.run(["UPDATE companies SET deleted_at = now() - make_interval(days => \(days)) WHERE id = \(id)"])
        }

        try await perform(.enqueue(EmptyTrash()), for: tenant.scope)

        #expect(try await tenant.scope.rows("SELECT id FROM companies").map { try $0.text(0) } == [young])
        #expect(try await tenant.store("contacts").get(contact).json["company_id"] == .null)
        let log = try await tenant.scope.rows("SELECT actor_type FROM changes WHERE record_id = \(old) AND action = 'purge'")
        #expect(try log.map { try $0.text(0) } == ["system"])
    }

    @Test(
        "Without a word in the settings thirty days count; fields and objects of a tenant's own go after thirty days, with what they held")
    func definitions() async throws {
        let tenant = try await TestHouse.tenant()
        let fields = tenant.store("custom_fields")
        var ids: [String: String] = [:]
        for name in ["gone", "kept"] {
            let made = try await fields.create(["type": "contacts", "name": .string(name), "label": "L", "kind": "text"])
            ids[name] = made.id
        }
        let object = try #require(
            try await tenant.store("custom_objects").create([
                "name": "boat", "plural": "boats", "label_field": "title", "fields": [["name": "title", "label": "T", "kind": "text"]],
            ]).id)
        for (table, id, days) in [("custom_fields", ids["gone"], 31), ("custom_fields", ids["kept"], 29), ("custom_objects", object, 31)] {
            let id = try #require(id)
            _ = try await tenant.store(table).trash(id)
            _ = try await tenant.scope.run([
                SQL(code: "UPDATE \(table) SET deleted_at = ") + "now() - make_interval(days => \(days)) WHERE id = \(id)"
            ])
        }

        try await perform(.enqueue(EmptyTrash()), for: tenant.scope)

        #expect(try await tenant.scope.rows("SELECT name FROM custom_fields").map { try $0.text(0) } == ["kept"])
        let columns = try await tenant.scope.rows(
            """
            SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = 'contacts'
                AND column_name LIKE 'c\\_%' ORDER BY 1
            """
        ).map { try $0.text(0) }
        #expect(columns == ["c_kept"])
        #expect(try await tenant.scope.rows("SELECT to_regclass('c_boats')::text")[0].optionalText(0) == nil)
    }

    @Test("What is still used stays, and does not keep the rest from going") func used() async throws {
        let tenant = try await TestHouse.tenant()
        let contacts = tenant.store("contacts")
        let id = try #require(try await contacts.create(["last_name": "Old"]).id)
        _ = try await contacts.trash(id)
        let pipeline = try await tenant.scope.rows("SELECT id FROM pipelines LIMIT 1")[0].text(0)
        let stage = try await tenant.scope.rows("SELECT stages->0->>'id' FROM pipelines WHERE id = \(pipeline)")[0].text(0)
        _ = try await tenant.store("deals").create(["name": "Deal", "pipeline_id": .string(pipeline), "stage_id": .string(stage)])
        _ = try await tenant.scope.run([
            "UPDATE contacts SET deleted_at = now() - interval '40 days' WHERE id = \(id)",
            "UPDATE pipelines SET deleted_at = now() - interval '40 days' WHERE id = \(pipeline)",
        ])

        try await perform(.enqueue(EmptyTrash()), for: tenant.scope)

        #expect(try await tenant.scope.rows("SELECT id FROM contacts").isEmpty)
        #expect(try await tenant.scope.rows("SELECT id FROM pipelines WHERE id = \(pipeline)").count == 1)
    }
}
