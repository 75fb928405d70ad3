import CRM
import Foundation
import Jobs
import Postgres
import Records
import Secrets
import Support
import Tenancy
import Testing

@testable import Server

@Suite("Clones") struct CloneTests {
    private static func order(_ firm: Firm, _ slug: String, mask: Bool, reason: String? = "training") async throws -> Client.Answer {
        try await firm.site.operator().post(
            "/operator/v1/tenants/\(firm.slug)/clone", ["as": .string(slug), "mask": .bool(mask), "reason": JSON(reason)])
    }

    private static func filled() async throws -> Firm {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        _ = try await admin.post(
            "/v1/custom_fields", ["type": "contacts", "name": "nick", "label": "Nick", "kind": "text", "unique": true])
        let company = try await admin.post("/v1/companies", ["name": "Northwind Traders", "domain": "northwind.com"]).json
        let contact = try await admin.post(
            "/v1/contacts",
            [
                "first_name": "Nancy", "last_name": "Davolio", "email": "nancy@northwind.com", "phone": "+1 206 555-9857",
                "company_id": company["id"] ?? .null, "address": ["street": "507 20th Ave", "city": "Seattle", "country": "US"],
                "custom": ["nick": "Nan"],
            ]
        ).json
        let place = "/v1/contacts/\(contact["id"]?.string ?? "")"
        _ = try await admin.patch(place, ["title": "Sales Representative", "email": "n.davolio@northwind.com"])
        _ = try await admin.post(
            "/v1/activities",
            [
                "kind": "note", "subject": "Nancy called", "body": "She asked for Andrew.", "at": "2026-01-01T00:00:00Z",
                "contact_ids": [contact["id"] ?? .null],
            ])
        _ = try await admin.post(
            "/v1/reminders",
            [
                "when": ["local": "2091-01-01T09:00", "time_zone": "UTC"], "recipients": [["email": "boss@northwind.com"]],
                "subject": "Call Nancy",
            ])
        _ = try await admin.send(.post, place + "/attachments?name=nancy.txt", bytes: Array("About Nancy".utf8), type: "text/plain")
        _ = try await admin.patch("/v1/settings", ["mail": ["smtp": ["host": "mail.northwind.com", "password": "hush hush"]]])
        return firm
    }

    /// Does what waits, as a worker would.
    private static func work(_ firm: Firm, until id: String) async throws -> JSON {
        let job = try #require(try await JobDesk(firm.site.installation).find(UUID(uuidString: id) ?? UUID()))
        let scope = try await firm.scope()
        let installation = firm.site.installation
        var settings = WorkerSettings()
        settings.tenants = [firm.slug]
        let worker = Worker(
            installation, handlers: StandingWork.handlers(TestHouse.catalog, installation), settings: settings, log: firm.site.house.logger)
        return try await withThrowingTaskGroup(of: JSON?.self) { group in
            group.addTask {
                await worker.run()
                return nil
            }
            group.addTask {
                for _ in 0..<6000 {
                    let now = try await firm.site.operator().get("/operator/v1/jobs/\(id)").json
                    if ["done", "dead"].contains(now["state"]?.string) { return now }
                    try await Task.sleep(for: .milliseconds(10))
                }
                throw Unexpected("\(job.kind) of \(scope.tenant.slug) does not end")
            }
            defer { group.cancelAll() }
            while let answer = try await group.next() { if let answer { return answer } }
            throw Unexpected("no answer")
        }
    }

    /// Someone inside, since nobody has a password there.
    private static func visitor(_ slug: String, _ site: TestSite) async throws -> Client {
        let given = try await site.operator().post("/operator/v1/tenants/\(slug)/grants", ["minutes": 5, "reason": "test"])
        return site.stranger.bearing(try given.json["token"]?.string ?? "")
    }

    @Test("A clone has the same records and files, and none of the ways in; its reminders are paused") func plain() async throws {
        let firm = try await Self.filled()
        let slug = "clone-\(TestSite.unique())"
        let ordered = try await Self.order(firm, slug, mask: false)
        let id = try #require(try ordered.json["id"]?.string)

        let job = try await Self.work(firm, until: id)

        #expect(ordered.status == 202 && ordered.headers[.location] == "/operator/v1/jobs/\(id)")
        #expect(job["state"] == "done" && job["progress"] == 1 && job["result"] == ["tenant": .string(slug)], "\(job)")
        let site = firm.site
        let (before, after) = (try await firm.admin(), try await Self.visitor(slug, site))
        for type in ["contacts", "companies", "activities", "custom_fields", "roles", "pipelines"] {
            #expect(try await after.get("/v1/\(type)").json["data"] == before.get("/v1/\(type)").json["data"], "\(type)")
        }
        let reminder = try await after.get("/v1/reminders").json["data"]?.elements?.first
        #expect(reminder?["active"] == false && reminder?["subject"] == "Call Nancy")
        let contact = try await after.get("/v1/contacts").json["data"]?.elements?.first?["id"]?.string ?? ""
        let file = try await after.get("/v1/contacts/\(contact)/attachments").json["data"]?.elements?.first?["id"]?.string ?? ""
        #expect(try await after.get("/v1/attachments/\(file)/content").text == "About Nancy")
        #expect(try await after.get("/v1/usage").json["usage"]?["records.contacts"]?["used"] == 1)
        #expect(try await after.get("/v1/settings").json["mail"]?["smtp"]?["password"] == ["set": false])
        let signIn = try await site.stranger.post(
            "/v1/session", ["tenant": .string(slug), "email": .string(firm.email), "password": .string(TestSite.password)])
        #expect(signIn.status == 401)
        let tenant = try await site.operator().get("/operator/v1/tenants/\(slug)").json
        #expect(tenant["state"] == "active" && tenant["plan"]?["name"] == "unlimited" && tenant["test"] == true)
        let again = try await Self.order(firm, slug, mask: false)
        #expect(again.status == 202)
        #expect(try await Self.work(firm, until: try again.json["id"]?.string ?? "")["state"] == "done")
        #expect(try await Self.order(firm, slug, mask: true).status == 409)
    }

    @Test("Under a mask nothing tells who the people are, in no table, and everything is still of its form") func masked() async throws {
        let firm = try await Self.filled()
        let slug = "clone-\(TestSite.unique())"
        let ordered = try await Self.order(firm, slug, mask: true)

        let job = try await Self.work(firm, until: try ordered.json["id"]?.string ?? "")

        #expect(job["state"] == "done", "\(job)")
        let after = try await Self.visitor(slug, firm.site)
        let contact = try #require(try await after.get("/v1/contacts").json["data"]?.elements?.first)
        #expect(contact["first_name"]?.string?.count == 5 && contact["last_name"]?.string?.count == 7)
        #expect(contact["phone"]?.string?.wholeMatch(of: /\+\d \d{3} \d{3}-\d{4}/) != nil)
        #expect(contact["email"]?.string.map(EmailAddress.isWellFormed) == true)
        #expect(contact["address"]?["country"] == "US" && contact["custom"]?["nick"]?.string?.count == 3)
        let company = try await after.get("/v1/companies").json["data"]?.elements?.first
        #expect(contact["company_id"] == company?["id"])
        // Who was of one domain still is.
        let domain = company?["domain"]?.string ?? "-"
        #expect(contact["email"]?.string?.hasSuffix("@" + domain) == true)
        let id = contact["id"]?.string ?? ""
        #expect(try await after.get("/v1/contacts/\(id)/attachments").json["data"] == [])
        let tenant = try #require(try await firm.site.installation.directory.tenant(slug: slug))
        let scope = try firm.site.installation.directory.scope(for: tenant)
        let tables = try await scope.rows(CopyTableNames.all).map { try $0.text(0) }
        #expect(tables.contains("changes") && tables.contains("contacts"))
        for table in tables {
            let text = try await scope.rows(SQL(code: "SELECT coalesce(string_agg(t::text, ' '), '') FROM \"\(table)\" AS t"))[0].text(0)
            for word in ["Nancy", "Davolio", "davolio", "northwind", "Northwind", "555-9857", "507 20th", "Seattle", "Andrew", "Ada"] {
                #expect(!text.contains(word), "\(table): \(word)")
            }
        }
        #expect(!tenant.adminEmail.contains(firm.slug))
    }

    @Test("A name that is none, that is taken, or a reason that is missing is refused at once") func refusals() async throws {
        let firm = try await TestSite.shared.firm()
        let other = try await firm.site.firm()
        let address = "/operator/v1/tenants/\(firm.slug)/clone"
        let operators = firm.site.operator()

        #expect(try await Self.order(firm, "Not A Slug", mask: false).pointers == ["/as"])
        #expect(try await Self.order(firm, other.slug, mask: false).status == 409)
        #expect(try await operators.post(address, [:]).pointers.sorted() == ["/as", "/reason"])
        #expect(try await operators.post("/operator/v1/tenants/no-such/clone", ["as": "x-y-z", "reason": "x"]).status == 404)
        #expect(try await firm.site.operator(.support).post(address, ["as": "x-y-z", "reason": "x"]).status == 403)
        #expect(
            try await operators.post("/operator/v1/tenants/\(firm.slug)/move", ["cell": "nowhere", "reason": "x"]).pointers == ["/cell"])
        let stays = try await operators.post("/operator/v1/tenants/\(firm.slug)/move", ["cell": "main", "reason": "x"])
        #expect(stays.status == 200)
        #expect(try stays.json["cell"] == "main")
    }
}

private enum CopyTableNames {
    static let all: SQL = """
        SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname NOT IN ('settings', 'settings_history')
        """
}
