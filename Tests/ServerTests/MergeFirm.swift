import CRM
import Records

@testable import Server

/// A firm whose records are merged, and what becomes of them.
struct MergeFirm: Sendable {
    let firm: Firm
    let admin: Client

    init() async throws {
        firm = try await TestSite.shared.firm()
        admin = try await firm.admin()
    }

    func make(_ type: String, _ body: JSON) async throws -> String { try await RightsFirm.id(of: admin.post("/v1/\(type)", body)) }

    /// A deal in the first stage, or in the one of the kind.
    func deal(_ body: [JSON.Member], stage kind: String = "open") async throws -> String {
        let pipeline = try await admin.get("/v1/pipelines").json["data"]?.elements?.first
        let stage = pipeline?["stages"]?.elements?.first { $0["kind"]?.string == kind }
        let place: [JSON.Member] = [.init("pipeline_id", pipeline?["id"] ?? .null), .init("stage_id", stage?["id"] ?? .null)]
        let name: [JSON.Member] = body.contains { $0.name == "name" } ? [] : [.init("name", "Deal")]
        return try await make("deals", .object(name + body + place))
    }

    func merge(_ type: String, _ winner: String, _ from: [String], _ more: [JSON.Member] = []) async throws -> Client.Answer {
        try await admin.post("/v1/\(type)/\(winner)/merge", .object([.init("from", JSON(from))] + more))
    }

    func get(_ type: String, _ id: String) async throws -> JSON {
        let answer = try await admin.get("/v1/\(type)/\(id)")
        guard answer.status == 200 else { throw Unexpected(answer) }
        return try answer.json
    }

    func undo(_ operation: JSON?) async throws -> JSON {
        let answer = try await admin.send(.post, "/v1/operations/\(operation?.string ?? "")/undo")
        guard answer.status == 200 else { throw Unexpected(answer) }
        return try answer.json
    }

    /// A type that the firm makes itself, with a reference to contacts and one to its own kind; its plural.
    func ownType() async throws -> String {
        let plural = "machines"
        let order: JSON = [
            "name": "machine", "plural": .string(plural), "label_field": "serial",
            "fields": [
                ["name": "serial", "label": "Serial", "kind": "text", "required": true, "unique": true],
                ["name": "notes", "label": "Notes", "kind": "text"],
                ["name": "operator_ref", "label": "Operator", "kind": "reference", "options": ["type": "contacts"]],
            ],
        ]
        let answer = try await admin.post("/v1/custom_objects", order)
        guard answer.status == 201 else { throw Unexpected(answer) }
        _ = try await make(
            "custom_fields",
            [
                "type": .string(plural), "name": "spare_of", "label": "Spare of", "kind": "reference", "options": ["type": .string(plural)],
            ])
        return plural
    }

    /// Every record of the types, in the trash or not, by its id: all of it but what counts the writes.
    func state(_ types: [String]) async throws -> [String: JSON] {
        var state: [String: JSON] = [:]
        for type in types {
            let answer = try await admin.get("/v1/\(type)?limit=200&trash=include")
            guard let records = try answer.json["data"]?.elements else { throw Unexpected(answer) }
            for record in records {
                let steady = (record.members ?? []).filter { !["version", "updated_at", "updated_by", "position"].contains($0.name) }
                state["\(type)/\(record["id"]?.string ?? "")"] = .object(steady)
            }
        }
        return state
    }

    /// What a recount finds wrong.
    func drift() async throws -> Int {
        guard let tenant = try await firm.site.installation.directory.tenant(slug: firm.slug) else { throw Unexpected("no tenant") }
        return try await Recount(firm.site.installation).run(tenant).count
    }
}
