import CRM
import Foundation
import HTTPTypes
import Records
import Secrets
import Support
import Testing

@testable import Server

@Suite("Blueprints") struct BlueprintTests {
    private static let names = ["brewery", "finance", "general", "home-furnishing", "partner-sales", "pharma", "recruiting"]

    private static func apply(_ name: String, to firm: Firm) async throws -> JSON {
        let answer = try await firm.site.operator().post(
            "/operator/v1/tenants/\(firm.slug)/blueprints/\(name)", ["reason": "testing"])
        guard answer.status == 200 else { throw Unexpected(answer) }
        return try answer.json
    }

    private static func remove(_ name: String, from firm: Firm) async throws -> JSON {
        let answer = try await firm.site.operator().delete("/operator/v1/tenants/\(firm.slug)/blueprints/\(name)")
        guard answer.status == 200 else { throw Unexpected(answer) }
        return try answer.json
    }

    /// Names of the counts, and how many parts there are in all.
    private static func words(_ report: JSON) -> [String] { (report["counts"]?.members ?? []).map(\.name) }

    private static func part(_ report: JSON, _ type: String, _ title: String) -> JSON? {
        report["parts"]?.elements?.first { $0["type"] == .string(type) && $0["title"] == .string(title) }
    }

    @Test(
        "Every pack furnishes a fresh tenant; again it changes nothing; untouched it goes without a trace, and comes back", arguments: names
    )
    func life(_ name: String) async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let scope = try await firm.scope()
        func changes() async throws -> Int { try await scope.rows("SELECT count(*) FROM changes")[0].int(0) }

        let first = try await Self.apply(name, to: firm)
        let written = try await changes()
        let again = try await Self.apply(name, to: firm)

        #expect(Self.words(first) == ["created"], "\(first["parts"]?.elements?.filter { $0["outcome"] != "created" } ?? [])")
        #expect(Self.words(again) == ["unchanged"])
        #expect(try await changes() == written)
        let parts = try #require(first["parts"]?.elements)
        #expect(parts.count >= (name == "general" ? 7 : 25), "\(name) brings \(parts.count) parts.")
        try await Self.expectWorkingViews(parts, admin)
        for part in parts where part["type"] == "custom_objects" {
            let found = try await admin.get("/v1/\(part["title"]?.string ?? "")?count=exact").json
            #expect(found["page"]?["count"]?.integer ?? 0 > 0, "There are samples of \(part["title"] ?? .null).")
        }
        let applied = try await firm.site.installation.appliedBlueprints.names(of: scope.tenant.id)
        #expect(applied == [name])

        let removed = try await Self.remove(name, from: firm)
        let gone = try await Self.remove(name, from: firm)
        let back = try await Self.apply(name, to: firm)

        #expect(Self.words(removed) == ["removed"], "\(removed["parts"]?.elements?.filter { $0["outcome"] != "removed" } ?? [])")
        #expect(Self.words(gone) == ["absent"] && Self.words(back) == ["created"])
        #expect(back["parts"]?.elements?.map { $0["id"] } == parts.map { $0["id"] }, "The same part has the same id.")
    }

    /// None names what is not there, and each lists what it says.
    private static func expectWorkingViews(_ parts: [JSON], _ admin: Client) async throws {
        let views = try await admin.get("/v1/views?limit=200").json["data"]?.elements ?? []
        #expect(views.count == parts.count { $0["type"] == "views" })
        for view in views {
            #expect(view["broken"] == [], "\(view["name"] ?? .null)")
            let list = try await admin.get("/v1/\(view["type"]?.string ?? "")?view=\(view["id"]?.string ?? "")")
            #expect(list.status == 200, "\(view["name"] ?? .null): \(list.text)")
        }
        #expect(views.contains { $0["kind"] == "segment" && $0["count"]?.integer != nil })
    }

    @Test("What a tenant uses or has changed stays when a pack is removed, and the answer says why") func staying() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let first = try await Self.apply("brewery", to: firm)
        func id(_ type: String, _ title: String) throws -> String { try #require(Self.part(first, type, title)?["id"]?.string) }
        let pipeline = try await admin.get("/v1/pipelines/\(id("pipelines", "Draught contracts"))").json
        let stage = try #require(pipeline["stages"]?.elements?.first?["id"])
        let deal = try await admin.post("/v1/deals", ["name": "Our own", "pipeline_id": pipeline["id"] ?? .null, "stage_id": stage])
        let company = try await admin.post("/v1/companies", ["name": "Own Inn", "custom": ["price_group": "Chain"]])
        let own = try await admin.post("/v1/outlets", ["name": "Own outlet", "beers": .string(try id("beers", "pils"))])
        let renamed = try await admin.patch("/v1/beers/\(id("beers", "wheat"))", ["name": "Cloudier Wheat"])
        let view = try await admin.patch("/v1/views/\(id("views", "outlets: Tour of Tuesday"))", ["name": "My Tuesday"])
        for answer in [deal, company, own] { #expect(answer.status == 201, "\(answer.text)") }
        #expect(renamed.status == 200 && view.status == 200)

        let removed = try await Self.remove("brewery", from: firm)

        func outcome(_ type: String, _ title: String) -> JSON? { Self.part(removed, type, title)?["outcome"] }
        #expect(outcome("pipelines", "Draught contracts") == "kept" && outcome("pipelines", "Retail listings") == "removed")
        #expect(
            outcome("custom_fields", "companies.price_group") == "kept" && outcome("custom_fields", "companies.payment_terms") == "removed")
        #expect(outcome("custom_objects", "outlets") == "kept" && outcome("custom_objects", "equipment") == "removed")
        #expect(outcome("beers", "pils") == "kept" && outcome("beers", "wheat") == "kept" && outcome("beers", "harvest") == "removed")
        #expect(outcome("views", "outlets: Tour of Tuesday") == "kept")
        #expect(removed["parts"]?.elements?.allSatisfy { ($0["outcome"] == "kept") == ($0["reason"]?.string != nil) } == true)
        #expect(try await admin.get("/v1/deals/\(try #require(try deal.json["id"]?.string))").json["stage_id"] == stage)
        #expect(
            try await admin.get("/v1/companies/\(try #require(try company.json["id"]?.string))").json["custom"]?["price_group"] == "Chain")
        #expect(try await admin.get("/v1/outlets").json["data"]?.elements?.map { $0["name"] } == ["Own outlet"])

        let again = try await Self.apply("brewery", to: firm)
        #expect(Set(Self.words(again)) == ["created", "unchanged"])
        #expect(try await admin.get("/v1/beers/\(id("beers", "wheat"))").json["name"] == "Cloudier Wheat")
    }

    @Test("Where the tenant has something of the same name, that stays, and the rest comes") func taken() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let field: JSON = ["name": "name", "label": "Name", "kind": "text", "required": true]
        let own = try await admin.post(
            "/v1/custom_objects", ["name": "beer", "plural": "beers", "label_field": "name", "fields": [field]])
        #expect(own.status == 201, "\(own.text)")

        let report = try await Self.apply("brewery", to: firm)
        let again = try await Self.apply("brewery", to: firm)

        #expect(Self.part(report, "custom_objects", "beers")?["outcome"] == "taken")
        #expect(Self.part(report, "pipelines", "Draught contracts")?["outcome"] == "created")
        #expect(Self.part(report, "custom_objects", "outlets")?["outcome"] == "created")
        #expect(Self.part(report, "outlets", "o2")?["outcome"] == "created")
        #expect(Self.part(report, "beers", "pils")?["outcome"] == "taken")
        #expect(Set(Self.words(again)) == ["unchanged", "taken"])
    }

    @Test("An order for a tenant may name a pack: it is there with the first answer, and what was removed of it stays removed")
    func ordering()
        async throws
    {
        let site = try await TestSite.shared
        let firm = try await site.firm { $0.append(.init("blueprint", "recruiting")) }
        let admin = try await firm.admin()
        let vacancies = try await admin.get("/v1/vacancies").json["data"]?.elements ?? []
        #expect(vacancies.map { $0["title"] } == ["Server developer"])

        let id = try #require(try await admin.get("/v1/applications").json["data"]?.elements?.first?["id"]?.string)
        #expect(try await admin.delete("/v1/applications/\(id)?purge=true").status == 204)
        let body: JSON = [
            "name": "Test Firm", "plan": "unlimited", "test": true,
            "admin": ["email": .string(firm.email), "name": "Ada Admin", "password": .string(TestSite.password)], "blueprint": "recruiting",
        ]
        #expect(try await site.operator().put("/operator/v1/tenants/\(firm.slug)", body).status == 200)
        #expect(try await admin.get("/v1/applications").json["data"] == [])
        let report = try await Self.apply("recruiting", to: firm)
        #expect(Set(Self.words(report)) == ["created", "unchanged"])
    }

    @Test("What the plan leaves no room for is refused before anything is made") func limits() async throws {
        let site = try await TestSite.shared
        let slug = "test-" + TestSite.unique()
        let admin: JSON = ["email": "a@example.com", "name": "Ada", "password": .string(TestSite.password)]
        let refused = try await site.operator().put(
            "/operator/v1/tenants/\(slug)", ["name": "Small", "plan": "free", "blueprint": "brewery", "admin": admin])
        let firm = try await site.firm { members in members = members.filter { $0.name != "plan" } + [.init("plan", "free")] }
        let late = try await site.operator().post("/operator/v1/tenants/\(firm.slug)/blueprints/brewery", ["reason": "x"])

        #expect(refused.status == 402 && refused.code == "plan_limit", "\(refused.text)")
        #expect(try await site.operator().get("/operator/v1/tenants/\(slug)").status == 404)
        #expect(late.status == 402)
        #expect(try await firm.admin().get("/v1/views").json["data"] == [])
        #expect(try await Self.apply("general", to: firm)["counts"]?["created"] == 7)
    }

    @Test("Operators see what there is; only administrators of the installation furnish, and they say why") func rights() async throws {
        let site = try await TestSite.shared
        let firm = try await site.firm()
        let path = "/operator/v1/tenants/\(firm.slug)/blueprints"

        let list = try await site.operator(.viewer).get("/operator/v1/blueprints").json["data"]?.elements ?? []
        #expect(list.compactMap { $0["name"]?.string } == Self.names)
        #expect(list.allSatisfy { $0["contents"]?["views"]?.integer ?? 0 > 3 && $0["summary"]?.string?.isEmpty == false })
        #expect(try await site.operator(.support).post("\(path)/general", ["reason": "x"]).status == 403)
        #expect(try await site.operator().post("\(path)/general", .object([])).pointers == ["/reason"])
        #expect(try await site.operator().post("\(path)/nothing", ["reason": "x"]).status == 404)
        #expect(try await site.operator().delete("/operator/v1/tenants/nobody-here/blueprints/general").status == 404)
        _ = try await Self.apply("general", to: firm)
        _ = try await site.installation.lifecycle.suspend(firm.slug, by: .init(actor: "test"))
        #expect(try await site.operator().post("\(path)/finance", ["reason": "x"]).status == 409)
        let audit = try await site.installation.audit.entries(target: firm.slug, limit: 5)
        #expect(audit.contains { $0.action == "apply_blueprint" && $0.reason == "general: testing" })
    }
}
