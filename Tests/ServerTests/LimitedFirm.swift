import Postgres
import Records
import Testing

@testable import Server

/// A tenant whose limits a test sets, and what it has of them.
struct LimitedFirm: Sendable {
    let firm: Firm
    let admin: Client

    init(_ limits: JSON, on site: TestSite? = nil) async throws {
        let site = if let site { site } else { try await TestSite.shared }
        firm = try await site.firm()
        admin = try await firm.admin()
        try await allow(limits)
    }

    /// From now on these are the limits.
    func allow(_ limits: JSON) async throws {
        let answer = try await firm.site.operator().post(
            "/operator/v1/tenants/\(firm.slug)/change_plan", ["plan": "unlimited", "overrides": ["limits": limits], "reason": "test"])
        guard answer.status == 200 else { throw Unexpected(answer) }
    }

    /// A record that must come to be; its id.
    func make(_ type: String, _ body: JSON) async throws -> String {
        let answer = try await admin.post("/v1/\(type)", body)
        guard answer.status == 201, let id = try answer.json["id"]?.string else { throw Unexpected(answer) }
        return id
    }

    /// What the counters say.
    func used(_ resource: String) async throws -> Int? {
        try await admin.get("/v1/usage").json["usage"]?[resource]?["used"]?.integer
    }

    /// What the rows say.
    func rows(_ table: String, where condition: String = "deleted_at IS NULL") async throws -> Int {
        try await firm.scope().rows(SQL(code: "SELECT count(*) FROM \(table) WHERE \(condition)"))[0].int(0)
    }
}

/// The numbers of a refusal by the plan.
struct LimitRefusal: Equatable {
    let limit: Int?
    let used: Int?
    let resource: String?

    init(_ limit: Int, _ used: Int, _ resource: String) {
        (self.limit, self.used, self.resource) = (limit, used, resource)
    }

    /// Nil for another answer.
    init?(_ answer: Client.Answer) {
        guard answer.status == 402, answer.code == "plan_limit", let body = try? answer.json, body["plan"]?.string != nil,
            body["upgrade_url"]?.string != nil
        else { return nil }
        (limit, used, resource) = (body["limit"]?.integer, body["used"]?.integer, body["resource"]?.string)
    }
}
