import Records
import Testing

@testable import Server

@Suite("Plans") struct PlanTests {
    private static let body: JSON = [
        "limits": ["users": 5, "records": 100, "records.contacts": 60, "records.tickets": 10, "storage_bytes": nil],
        "rates": ["api_per_day": 1000], "features": ["own_brand": true], "price": ["amount": "9.5", "currency": "EUR"],
    ]

    @Test("A changed body makes the next version, the same one answers the version that is there") func versions() async throws {
        let site = try await TestSite.shared
        let address = "/operator/v1/plans/p\(TestSite.unique())"
        let operators = site.operator()

        let first = try await operators.put(address, Self.body)
        let again = try await operators.put(address, Self.body)
        let changed = try await operators.put(address, ["limits": ["users": 6], "price": ["amount": "9.50", "currency": "EUR"]])
        let back = try await operators.put(address, Self.body)

        #expect(first.status == 201 && first.headers[.location] == address, "\(first.text)")
        #expect(try first.json["version"] == 1)
        #expect(try first.json["limits"] == ["records": 100, "records.contacts": 60, "records.tickets": 10, "users": 5])
        #expect(try first.json["price"] == ["amount": "9.50", "currency": "EUR", "per": "user"])
        #expect(again.status == 200 && again.bytes == first.bytes)
        #expect(changed.status == 201)
        #expect(try changed.json["version"] == 2)
        #expect(try back.json["version"] == 3)
        #expect(try await operators.get(address).bytes == back.bytes)
        let list = try await operators.get("/operator/v1/plans?limit=200").json["data"]?.elements ?? []
        #expect(list.contains(try back.json))
    }

    /// A body's change as JSON, the pointer it is refused with, and the code.
    private static let refusals: [(String, String, String)] = [
        (#"{"limits":{"contacts":5}}"#, "/limits/contacts", "unknown"),
        (#"{"limits":{"records.contact":5}}"#, "/limits/records.contact", "unknown"),
        (#"{"limits":{"records.users":5}}"#, "/limits/records.users", "unknown"),
        (#"{"limits":{"users":0}}"#, "/limits/users", "range"),
        (#"{"limits":{"records":-1}}"#, "/limits/records", "range"),
        (#"{"limits":{"records":1.5}}"#, "/limits/records", "range"),
        (#"{"limits":{"records":"5"}}"#, "/limits/records", "type"),
        (#"{"limits":{"records":9000000000000000}}"#, "/limits/records", "range"),
        (#"{"limits":[1]}"#, "/limits", "type"),
        (#"{"rates":{"per_hour":5}}"#, "/rates/per_hour", "unknown"),
        (#"{"rates":{"api_per_day":0}}"#, "/rates/api_per_day", "range"),
        (#"{"features":{"gold":true}}"#, "/features/gold", "unknown"),
        (#"{"features":{"own_brand":1}}"#, "/features/own_brand", "type"),
        (#"{"more":1}"#, "/more", "unknown"),
        (#"{"price":null}"#, "/price", "required"),
        (#"{"price":{"amount":5,"currency":"EUR"}}"#, "/price/amount", "type"),
        (#"{"price":{"amount":"-5","currency":"EUR"}}"#, "/price/amount", "range"),
        (#"{"price":{"amount":"5.001","currency":"EUR"}}"#, "/price/amount", "range"),
        (#"{"price":{"amount":"5","currency":"XQQ"}}"#, "/price/currency", "format"),
        (#"{"price":{"amount":"5","currency":"EUR","per":"day"}}"#, "/price/per", "enum"),
    ]

    @Test("What cannot stand in a plan is refused with its pointer", arguments: refusals)
    func refused(text: String, pointer: String, code: String) async throws {
        let site = try await TestSite.shared
        let change = try JSON(parsing: text)
        let kept = (Self.body.members ?? []).filter { change[$0.name] == nil }
        let body = JSON.object(kept + (change.members ?? []))

        let answer = try await site.operator().put("/operator/v1/plans/p\(TestSite.unique())", body)
        let found = try answer.json["errors"]?.elements?.first?["code"]?.string

        #expect(answer.status == 422)
        #expect(answer.pointers == [pointer], "\(answer.text)")
        #expect(found == code, "\(answer.text)")
    }

    @Test("A plan's name has a form, and only administrators among operators make plans") func access() async throws {
        let site = try await TestSite.shared

        #expect(try await site.operator().put("/operator/v1/plans/Gold", Self.body).pointers == ["/name"])
        #expect(try await site.operator(.support).put("/operator/v1/plans/gold", Self.body).status == 403)
        #expect(try await site.firm().admin().put("/operator/v1/plans/gold", Self.body).status == 401)
    }

    @Test("Another plan is in force at once, is audited, and keeps what was agreed beside it") func change() async throws {
        let site = try await TestSite.shared
        let firm = try await site.firm()
        let admin = try await firm.admin()
        let address = "/operator/v1/tenants/\(firm.slug)/change_plan"
        let overrides: JSON = ["limits": ["users": 40, "records": nil], "rates": ["api_per_day": 7], "features": ["own_brand": true]]

        let changed = try await site.operator().post(address, ["plan": "team", "overrides": overrides, "reason": "has grown"])
        let again = try await site.operator().post(address, ["plan": "team", "reason": "twice"])

        #expect(changed.status == 200, "\(changed.text)")
        #expect(try changed.json["plan"] == ["name": "team", "version": 1])
        #expect(try changed.json["usage"]?["users"] == ["used": 1, "max": 40])
        #expect(try again.json["overrides"] == changed.json["overrides"])
        let held = try await admin.get("/v1/entitlements").json
        #expect(held["plan"] == "team" && held["version"] == 1 && held["state"] == "active")
        #expect(held["limits"]?["users"] == ["max": 40, "at_limit": "refuse"])
        #expect(held["limits"]?["records"]?["max"] == .null)
        #expect(held["limits"]?["records.contacts"]?["max"] == .null)
        #expect(held["limits"]?["api_keys"]?["max"] == 20)
        #expect(held["rates"]?["api_burst_per_second"] == 50 && held["rates"]?["api_per_day"] == 7)
        #expect(held["features"]?["own_brand"] == true && held["features"]?["own_mail_server"] == true)
        let audit = try await site.operator().get("/operator/v1/audit?target=\(firm.slug)").json["data"]?.elements ?? []
        #expect(audit.filter { $0["action"] == "change_plan" }.map { $0["reason"] } == ["has grown"])

        let cleared = try await site.operator().post(address, ["plan": "team", "overrides": [:], "reason": "over"])
        #expect(try cleared.json["overrides"] == [:])
        #expect(try await admin.get("/v1/entitlements").json["limits"]?["users"]?["max"] == 25)
    }

    @Test("A tenant keeps the version it was sold until it is given another") func pinned() async throws {
        let site = try await TestSite.shared
        let plan = "p\(TestSite.unique())"
        _ = try await site.operator().put("/operator/v1/plans/\(plan)", Self.body)
        let firm = try await site.firm { $0[1] = .init("plan", .string(plan)) }
        let admin = try await firm.admin()
        _ = try await site.operator().put("/operator/v1/plans/\(plan)", ["price": ["amount": "1", "currency": "EUR"]])

        #expect(try await admin.get("/v1/entitlements").json["limits"]?["users"]?["max"] == 5)
        let address = "/operator/v1/tenants/\(firm.slug)/change_plan"
        #expect(try await site.operator().post(address, ["plan": .string(plan), "reason": "new"]).json["plan"]?["version"] == 2)
        #expect(try await admin.get("/v1/entitlements").json["limits"]?["users"]?["max"] == .null)
        #expect(
            try await site.operator().post(address, ["plan": .string(plan), "version": 1, "reason": "old"]).json["plan"]?["version"] == 1)
    }

    @Test("A change of plan that cannot be is refused with its pointer") func changeRefused() async throws {
        let site = try await TestSite.shared
        let firm = try await site.firm()
        let address = "/operator/v1/tenants/\(firm.slug)/change_plan"
        let operators = site.operator()

        #expect(try await operators.post(address, ["plan": "gold", "reason": "x"]).pointers == ["/plan"])
        #expect(try await operators.post(address, ["plan": "team", "version": 99, "reason": "x"]).pointers == ["/version"])
        #expect(try await operators.post(address, ["plan": "team"]).pointers == ["/reason"])
        let overrides: JSON = ["limits": ["users": 0, "cars": 1], "rates": ["x": 1], "features": ["y": true], "price": 3]
        let wrong = try await operators.post(address, ["plan": "team", "overrides": overrides, "reason": "x"])
        #expect(
            Set(wrong.pointers) == [
                "/overrides/limits/users", "/overrides/limits/cars", "/overrides/rates/x", "/overrides/features/y", "/overrides/price",
            ], "\(wrong.text)")
        #expect(try await operators.post("/operator/v1/tenants/nobody-here/change_plan", ["plan": "team", "reason": "x"]).status == 404)
        #expect(try await site.operator(.support).post(address, ["plan": "team", "reason": "x"]).status == 403)
    }
}
