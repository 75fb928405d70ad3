import HTTPTypes
import Postgres
import Records
import Support
import Testing

@testable import Server

/// What a type's rule adds to a write happens with the write or not at all.
@Suite("A refused write leaves nothing behind") struct RefusedWriteTests {
    @Test("A password that comes with an old version ends nobody's session")
    func sessions() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let member = try await firm.person("member")
        let id = try #require(try await member.get("/v1/session").json["user"]?["id"]?.string)
        let late = admin.with(.ifMatch, "\"99\"")

        #expect(try await late.patch("/v1/users/\(id)", ["password": "another correct horse"]).status == 412)
        #expect(try await late.delete("/v1/users/\(id)").status == 412)
        #expect(try await late.delete("/v1/users/\(id)?purge=true").status == 412)

        #expect(try await firm.scope().rows("SELECT FROM sessions WHERE user_id = \(id)").count == 1)
        #expect(try await member.get("/v1/session").status == 200)
        #expect(try await admin.patch("/v1/users/\(id)", ["password": "another correct horse"]).status == 200)
        #expect(try await firm.scope().rows("SELECT FROM sessions WHERE user_id = \(id)").isEmpty)
    }

    @Test("A pipeline's stages stay when its version is old or the role does not reach it, and so do the deals in them")
    func stages() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let pipeline = try #require(try await admin.get("/v1/pipelines").json["data"]?.elements?.first)
        let address = "/v1/pipelines/\(pipeline["id"]?.string ?? "")"
        let deal = try await admin.post("/v1/deals", Self.deal(pipeline))
        let probability: JSON = .array(
            (pipeline["stages"]?.elements ?? []).map { stage in
                .object((stage.members ?? []).map { $0.name == "probability" ? .init("probability", 77) : $0 })
            })

        let old = try await admin.with(.ifMatch, "\"9\"").patch(address, ["stages": probability])
        let foreign = try await firm.person("member").patch(address, ["stages": probability])

        #expect(old.status == 412, "\(old.text)")
        #expect(foreign.status == 403, "\(foreign.text)")
        #expect(try await admin.get(address).json["stages"] == pipeline["stages"])
        #expect(try await firm.scope().rows("SELECT FROM stages WHERE probability = 77").isEmpty)
        #expect(try await admin.get("/v1/deals/\(deal.json["id"]?.string ?? "")").bytes == deal.bytes)
    }

    @Test("A deal whose move is refused has no new line in its history")
    func history() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let pipeline = try #require(try await admin.get("/v1/pipelines").json["data"]?.elements?.first)
        let id = try #require(try await admin.post("/v1/deals", Self.deal(pipeline)).json["id"]?.string)
        let next = pipeline["stages"]?.elements?.dropFirst().first?["id"] ?? .null

        #expect(try await admin.with(.ifMatch, "\"7\"").patch("/v1/deals/\(id)", ["stage_id": next]).status == 412)
        #expect(try await firm.person("member").patch("/v1/deals/\(id)", ["stage_id": next]).status == 403)

        #expect(try await firm.scope().rows("SELECT FROM deal_stages WHERE deal_id = \(id)").count == 1)
    }

    @Test("The refusal is kept under its key as any answer, the effect does not come later")
    func key() async throws {
        let admin = try await TestSite.shared.firm().admin()
        let id = try #require(try await admin.post("/v1/contacts", ["last_name": "Ng"]).json["id"]?.string)
        let keyed = admin.with(.idempotencyKey, "late").with(.ifMatch, "\"2\"")

        let first = try await keyed.patch("/v1/contacts/\(id)", ["phone": "1"])
        _ = try await admin.patch("/v1/contacts/\(id)", ["phone": "2"])
        let again = try await keyed.patch("/v1/contacts/\(id)", ["phone": "1"])

        #expect(first.status == 412 && again.status == 412)
        #expect(first.bytes == again.bytes)
        #expect(try await admin.get("/v1/contacts/\(id)").json["phone"] == "2")
    }

    private static func deal(_ pipeline: JSON) -> JSON {
        [
            "name": "Ten desks", "pipeline_id": pipeline["id"] ?? .null,
            "stage_id": pipeline["stages"]?.elements?.first?["id"] ?? .null,
        ]
    }
}
