import Foundation
import Postgres
import Records
import Support
import Testing

@Suite("Paging by cursor") struct PagingTests {
    @Test(
        "Every order gives every row once, missing values last, while others insert and delete",
        arguments: [
            "last_name", "-last_name", "created_at", "-created_at", "birthday", "-birthday", "last_name,-birthday",
            "-lifecycle_stage,first_name",
            "email_opt_out,last_name", "id", "-id", "company_id", "phone,-email",
        ])
    func complete(order: String) async throws {
        let tenant = try await TestHouse.tenant()
        let contacts = tenant.store("contacts")
        var random = SystemRandomNumberGenerator()
        for number in 0..<45 {
            var body: [JSON.Member] = [.init("email", .string("\(number)@example.com"))]
            if Bool.random(using: &random) {
                body.append(.init("last_name", .string(["Äpfel", "apfel", "Zebra", "zoo", "Öl"].randomElement() ?? "x")))
            }
            if Bool.random(using: &random) { body.append(.init("birthday", .string("200\(Int.random(in: 0...3, using: &random))-01-01"))) }
            if Bool.random(using: &random) { body.append(.init("lifecycle_stage", "customer")) }
            _ = try await contacts.create(.object(body))
        }
        let whole = try await page(contacts, [("sort", order), ("limit", "200")], tenant)
        let expected = try whole.values("id")

        var seen: [JSON] = []
        var after: String?
        repeat {
            var query = [("sort", order), ("limit", "7")]
            if let after { query.append(("after", after)) }
            let answer = try await page(contacts, query, tenant)
            seen += try answer.values("id")
            after = answer.next
            _ = try await contacts.create(["last_name": "Inserted", "birthday": "2001-06-01"])
        } while after != nil && seen.count < 200

        #expect(Set(seen).count == seen.count)
        #expect(seen.filter(expected.contains) == expected)
    }

    private func page(_ store: RecordStore, _ query: [(String, String)], _ tenant: TestTenant) async throws -> ListAnswer {
        try await store.list(try ListRequest(query: query, of: store.type, in: TestHouse.catalog, for: tenant.admin))
    }

    @Test("A cursor of another filter, order, tenant or type, and anything else, is refused as a cursor")
    func foreignCursors() async throws {
        let tenant = try await TestHouse.tenant()
        let stranger = try await TestHouse.tenant()
        for owner in [tenant, stranger] {
            for name in ["a", "b", "c"] { _ = try await owner.store("contacts").create(["last_name": .string(name)]) }
        }
        let cursor = try #require(try await page(tenant.store("contacts"), [("limit", "1")], tenant).next)
        let foreign = try #require(try await page(stranger.store("contacts"), [("limit", "1")], stranger).next)

        for query in [
            [("after", foreign)], [("after", cursor), ("sort", "last_name")], [("after", cursor), ("filter[last_name]", "a")],
            [("after", cursor), ("trash", "include")], [("after", "x")], [("after", "")], [("after", String(cursor.dropLast()))],
            [("after", "WyJ4IiwieCJd")], [("after", String(repeating: "A", count: 4_000))],
        ] {
            await expectProblem(.cursor) { try await page(tenant.store("contacts"), query, tenant) }
        }
        await expectProblem(.cursor) { try await page(tenant.store("companies"), [("after", cursor)], tenant) }
        #expect(try await page(tenant.store("contacts"), [("after", cursor), ("limit", "2")], tenant).values("last_name").count == 2)
    }

    @Test("A count is exact within the caller's rights, an estimate is a number")
    func count() async throws {
        let tenant = try await TestHouse.tenant()
        let contacts = tenant.store("contacts")
        for number in 0..<12 { _ = try await contacts.create(["last_name": .string("\(number)")]) }

        #expect(try await page(contacts, [("count", "exact"), ("limit", "5")], tenant).json["page"]?["count"] == 12)
        #expect(try await page(contacts, [("count", "estimate")], tenant).json["page"]?["count"]?.integer != nil)
        #expect(try await page(contacts, [], tenant).json["page"]?["count"] == nil)
    }

    @Test("Pages, look-ups by unique fields, children and changes are read through an index")
    func plans() async throws {
        let tenant = try await TestHouse.tenant()
        _ = try await tenant.scope.run([
            """
            INSERT INTO companies (id, name) SELECT cell.uuid_v7(), 'Company ' || number FROM generate_series(1, 2000) AS number
            """,
            """
            INSERT INTO contacts (id, last_name, email, company_id, created_at)
            SELECT cell.uuid_v7(), nullif(number % 997, 0)::text, number || '@example.com', companies.id, now() - number * interval '1 minute'
            FROM generate_series(1, 20000) AS number
            JOIN (SELECT id, row_number() OVER () AS position FROM companies) AS companies ON companies.position = number % 2000 + 1
            """,
            """
            INSERT INTO changes (id, type, record_id, version, action, fields)
            SELECT cell.uuid_v7(), 'contacts', id, 1, 'create', '{}' FROM contacts
            """, "ANALYZE contacts", "ANALYZE companies", "ANALYZE changes",
        ])
        let contacts = tenant.store("contacts")
        for order in ["-created_at", "created_at", "last_name", "-last_name", "-updated_at"] {
            var after: String?
            for _ in 0..<3 {
                var query = [("sort", order), ("limit", "50")]
                if let after { query.append(("after", after)) }
                let plan = try await plan(
                    try contacts.pageStatement(try ListRequest(query: query, of: contacts.type, in: TestHouse.catalog, for: tenant.admin)),
                    tenant)
                #expect(plan.contains("Index"), "\(order): \(plan)")
                #expect(!plan.contains("Seq Scan"), "\(order): \(plan)")
                after = try await page(contacts, query, tenant).next
            }
        }
        for query in [
            [("filter[email]", "77@EXAMPLE.com")], [("filter[company_id]", tenant.tenant.id.uuidString)], [("filter[external_id]", "7")],
            [("filter[phone]", "030 1")], [("filter[last_name]", "77"), ("sort", "last_name")],
        ] {
            let request = try ListRequest(query: query, of: contacts.type, in: TestHouse.catalog, for: tenant.admin)
            let plan = try await plan(try contacts.pageStatement(request), tenant)
            #expect(!plan.contains("Seq Scan"), "\(query): \(plan)")
        }
    }

    private func plan(_ statement: SQL, _ tenant: TestTenant) async throws -> String {
        try await tenant.scope.rows("EXPLAIN " + statement).compactMap { $0.optionalText(0) }.joined(separator: "\n")
    }
}
