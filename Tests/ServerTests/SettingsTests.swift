import Foundation
import HTTPTypes
import Postgres
import Records
import Tenancy
import Testing

@testable import Server

@Suite("Settings") struct SettingsTests {
    @Test("Everyone reads them, the mail server only who runs them; a secret never shows") func reading() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let set = try await admin.patch("/v1/settings", ["mail": ["smtp": ["host": "smtp.example.com", "password": "geheim!"]]])
        #expect(set.status == 200)

        let shown = try await admin.get("/v1/settings")
        let member = try await firm.person("member").get("/v1/settings")

        #expect(shown.status == 200 && shown.headers[.eTag] == "\"2\"")
        #expect(shown.text == set.text)
        #expect(try shown.json["name"] == "Test Firm")
        #expect(try shown.json["mail"]?["smtp"]?["password"] == ["set": true])
        #expect(try member.json["mail"]?["smtp"] == nil && member.json["mail"]?["from_name"] == .null)
        #expect(try await admin.with(.ifNoneMatch, "\"2\"").get("/v1/settings").status == 304)
        #expect(!shown.text.contains("geheim"))
    }

    @Test("A secret is encrypted where it is kept, in old versions too, and opens with the tenant's key alone") func secrecy() async throws
    {
        let firm = try await TestSite.shared.firm { $0.append(.init("settings", ["mail": ["smtp": ["password": "geheim!"]]])) }
        let admin = try await firm.admin()
        #expect(try await admin.get("/v1/settings").json["mail"]?["smtp"]?["password"] == ["set": true])
        _ = try await admin.patch("/v1/settings", ["mail": ["smtp": ["password": "anders!", "username": "ann"]]])
        _ = try await admin.patch("/v1/settings", ["mail": ["smtp": ["password": ["set": true], "username": "bob"]]])

        let scope = try await firm.scope()
        let kept = try await scope.rows("SELECT document #>> '{mail,smtp,password,sealed}' FROM settings_history ORDER BY version")
        let key = try await firm.site.installation.key(of: scope.tenant)

        let opened = try kept.map { key.open(try $0.text(0), for: "mail.smtp.password") }
        #expect(opened == ["geheim!", "anders!", "anders!"])
        let everything = try await scope.rows("SELECT document::text || (SELECT document::text FROM settings) FROM settings_history")
        for row in everything { #expect(try !row.text(0).contains("geheim") && !row.text(0).contains("anders")) }
    }

    @Test("A patch merges, bumps the version, and is refused when someone was faster") func versions() async throws {
        let admin = try await TestSite.shared.firm().admin()

        let first = try await admin.with(.ifMatch, "\"1\"").patch("/v1/settings", ["currency": "CHF", "brand": ["colour": "#112233"]])
        let late = try await admin.with(.ifMatch, "\"1\"").patch("/v1/settings", ["currency": "USD"])
        let nothing = try await admin.patch("/v1/settings", ["currency": "CHF"])
        let any = try await admin.with(.ifMatch, "*").patch("/v1/settings", ["currency": "USD"])

        #expect(first.status == 200 && first.headers[.eTag] == "\"2\"")
        #expect(late.status == 412 && late.code == "version_mismatch")
        #expect(try late.json["current_version"] == 2 && late.json["changed"] == ["brand.colour", "currency"])
        #expect(nothing.headers[.eTag] == "\"2\"" && nothing.text == first.text)
        #expect(any.headers[.eTag] == "\"3\"")
        #expect(try any.json["brand"]?["colour"] == "#112233")
    }

    @Test("Changes at the same moment are all kept") func concurrency() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for day in days {
                group.addTask {
                    try await admin.patch("/v1/settings", ["business_hours": .object([.init(day, [["from": "06:00", "to": "07:00"]])])])
                        .status
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }

        #expect(statuses == Array(repeating: 200, count: 7))
        let shown = try await admin.get("/v1/settings")
        #expect(shown.headers[.eTag] == "\"8\"")
        for day in days { #expect(try shown.json["business_hours"]?[day] == [["from": "06:00", "to": "07:00"]]) }
    }

    @Test("A repeated request changes nothing twice and gets the first answer") func repetition() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let once = admin.with(.idempotencyKey, "once")

        let first = try await once.with(.ifMatch, "\"1\"").patch("/v1/settings", ["currency": "CHF"])
        let again = try await once.with(.ifMatch, "\"1\"").patch("/v1/settings", ["currency": "CHF"])
        let other = try await once.patch("/v1/settings", ["currency": "USD"])
        let back = admin.with(.idempotencyKey, "back")
        let reverted = try await back.post("/v1/settings/revert", ["version": 1])
        let revertedAgain = try await back.post("/v1/settings/revert", ["version": 1])

        #expect(first.status == 200 && again.status == 200 && again.text == first.text)
        #expect(again.headers[.eTag] == "\"2\"" && again.headers[.idempotentReplayed] == "true")
        #expect(other.status == 422 && other.code == "idempotency_mismatch")
        #expect(reverted.headers[.eTag] == "\"3\"" && revertedAgain.text == reverted.text)
        #expect(try await admin.get("/v1/settings").headers[.eTag] == "\"3\"")
    }

    @Test("The history says who decided what, newest first, and any version can be had again") func history() async throws {
        let firm = try await TestSite.shared.firm { $0.append(.init("settings", ["time_zone": "Europe/Berlin"])) }
        let admin = try await firm.admin()
        let user = try await admin.get("/v1/session").json["user"]?["id"] ?? .null
        _ = try await admin.patch("/v1/settings", ["currency": "CHF", "mail": ["smtp": ["password": "geheim!"]]])
        _ = try await admin.patch("/v1/settings", ["currency": "USD", "time_zone": nil])

        let reverted = try await admin.post("/v1/settings/revert", ["version": 2])
        let page = try await admin.get("/v1/settings/history?limit=3")
        let next = try page.json["page"]?["next"]?.string ?? ""
        let rest = try await admin.get("/v1/settings/history?limit=3&after=\(next)")

        #expect(reverted.status == 200 && reverted.headers[.eTag] == "\"4\"")
        #expect(try reverted.json["currency"] == "CHF" && reverted.json["time_zone"] == "Europe/Berlin")
        let rows = try page.json["data"]?.elements ?? []
        #expect(rows.map { $0["version"] } == [4, 3, 2])
        #expect(
            rows.map { $0["changed"] } == [["time_zone", "currency"], ["time_zone", "currency"], ["currency", "mail.smtp.password"]])
        #expect(rows.allSatisfy { $0["actor"] == ["type": "user", "id": user] })
        #expect(try rest.json["data"]?.elements?.first?["changed"] == ["time_zone"])
        #expect(try rest.json["data"]?.elements?.first?["actor"] == .null && rest.json["page"]?["has_more"] == false)
        #expect(!page.text.contains("geheim") && !page.text.contains("sealed"))
        #expect(try await admin.post("/v1/settings/revert", ["version": 9]).pointers == ["/version"])
        #expect(try await admin.post("/v1/settings/revert", [:]).pointers == ["/version"])
        #expect(try await admin.get("/v1/settings/history?after=x").code == "cursor")
    }

    @Test("Only who runs the settings changes them or sees their history") func rights() async throws {
        let firm = try await TestSite.shared.firm()
        for role in ["manager", "member", "read_only"] {
            let person = try await firm.person(role)
            #expect(try await person.get("/v1/settings").status == 200)
            #expect(try await person.patch("/v1/settings", ["currency": "CHF"]).status == 403)
            #expect(try await person.get("/v1/settings/history").status == 403)
            #expect(try await person.post("/v1/settings/revert", ["version": 1]).status == 403)
        }
    }

    @Test("Of two rates of the same currencies from the same day on the second is refused with its place, and nothing is set") func rates()
        async throws
    {
        let admin = try await TestSite.shared.firm().admin()
        func rate(_ rate: String, _ date: String, to currency: String = "USD") -> JSON {
            ["from": "EUR", "to": .string(currency), "rate": .string(rate), "date": .string(date)]
        }
        let apart = [rate("1.1", "2026-01-01"), rate("1.2", "2026-02-01"), rate("0.9", "2026-02-01", to: "CHF")]

        let refused = try await admin.patch("/v1/settings", ["rates": .array(apart + [rate("1.3", "2026-02-01")])])
        let before = try await admin.get("/v1/settings")
        let set = try await admin.patch("/v1/settings", ["rates": .array(apart)])

        #expect(refused.status == 422 && refused.code == "invalid" && refused.pointers == ["/rates/3"])
        let error = try refused.json["errors"]?.elements?.first
        #expect(error?["code"] == "duplicate")
        #expect(error?["detail"] == "There is another rate of these currencies from the same day on.")
        #expect(try before.headers[.eTag] == "\"1\"" && before.json["rates"] == [])
        #expect(try set.status == 200 && set.json["rates"] == JSON.array(apart))
    }

    @Test("What is wrong is refused with its place, at provisioning too") func invalid() async throws {
        let site = try await TestSite.shared
        let admin = try await site.firm().admin()
        let wrong: JSON = ["mail": ["smtp": ["host": "127.0.0.1"]], "colour": "red", "week_start": "today"]

        let patched = try await admin.patch("/v1/settings", wrong)
        let ordered = try await site.operator().put(
            "/operator/v1/tenants/set-\(TestSite.unique())",
            ["name": "x", "admin": ["email": "ann@example.com", "name": "Ann"], "settings": wrong])

        #expect(patched.status == 422 && Set(patched.pointers) == ["/mail/smtp/host", "/colour", "/week_start"])
        #expect(ordered.status == 422)
        #expect(Set(ordered.pointers) == ["/settings/mail/smtp/host", "/settings/colour", "/settings/week_start"])
    }
}
