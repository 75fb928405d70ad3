import HTTPTypes
import Records
import Support

@testable import Server

/// People of random roles and teams, and records that belong to them, some in the trash: enough for questions of every kind.
struct AccessFirm: Sendable {
    let admin: Client
    let people: [RightsFirm.Member]
    /// By type; some ids are of no record at all.
    let records: [String: [String]]
    let bodies: [String: JSON]

    struct Question: Sendable {
        let person: RightsFirm.Member
        let type: String
        let id: String
        let action: String
        /// Whether the person asks, rather than the administrator.
        let isAboutOneself: Bool
    }

    static func open(seed: UInt64) async throws -> AccessFirm {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        var random = Chance(state: seed)
        let people = try await people(firm, admin, &random)
        let bodies = try await bodies(admin)
        var records: [String: [String]] = [:]
        for type in bodies.keys.sorted() {
            records[type] = try await make(type, bodies[type] ?? [:], people.map(\.id), admin, &random)
        }
        records["users"] = people.map(\.id)
        // The last one may no longer sign in.
        _ = try await admin.patch("/v1/users/\(people[people.count - 1].id)", ["status": "disabled"])
        return AccessFirm(admin: admin, people: people, records: records, bodies: bodies)
    }

    func question(_ random: inout Chance) -> Question {
        let type = random.pick(records.keys.sorted())
        let actions = type == "users" ? ["read", "update"] : ["read", "update", "delete", "create"]
        let person = random.pick(people)
        let isActive = person.id != people[people.count - 1].id
        let oneself = random.below(2) == 0
        return Question(
            person: person, type: type, id: random.pick(records[type] ?? []), action: random.pick(actions),
            isAboutOneself: oneself && isActive)
    }

    func ask(_ question: Question) async throws -> Client.Answer {
        let who = question.isAboutOneself ? question.person.client : admin
        let id = question.action == "create" ? "" : "&id=\(question.id)"
        return try await who.get(
            "/v1/access/explain?user_id=\(question.person.id)&type=\(question.type)\(id)&action=\(question.action)")
    }

    /// Does it, and takes it back when it was done.
    func perform(_ question: Question) async throws -> Client.Answer {
        let address = "/v1/\(question.type)/\(question.id)"
        let client = question.person.client
        switch question.action {
        case "read": return try await client.get(address)
        case "update": return try await client.patch(address, [:])
        case "create": return try await client.with(.allowDuplicate, "true").post("/v1/\(question.type)", bodies[question.type] ?? [:])
        default:
            let answer = try await client.delete(address)
            if answer.status == 204 { _ = try await admin.send(.post, "\(address)/restore") }
            return answer
        }
    }

    private static func people(_ firm: Firm, _ admin: Client, _ random: inout Chance) async throws -> [RightsFirm.Member] {
        var teams: [String] = []
        for number in 0..<3 {
            var body: [JSON.Member] = [.init("name", .string("Team \(number)"))]
            if number == 2 { body.append(.init("parent_id", .string(teams[0]))) }
            teams.append(try await RightsFirm.id(of: admin.post("/v1/teams", .object(body))))
        }
        var roles: [String] = []
        for key in ["manager", "member", "read_only"] { roles.append(try await firm.roleID(key)) }
        for _ in 0..<7 { roles.append(try await RightsFirm.role(admin, rights(&random))) }
        var people: [RightsFirm.Member] = []
        for role in roles { people.append(try await RightsFirm.person(firm, admin, role, teams: [random.pick(teams)])) }
        return people
    }

    /// Rights by chance; whoever makes deals and tasks sees what they refer to.
    private static func rights(_ random: inout Chance) -> JSON {
        var members: [JSON.Member] = [.init("pipelines", ["read": "all"])]
        for type in ["contacts", "companies", "leads", "deals", "tasks", "users", "*"] {
            members.append(
                .init(
                    type,
                    [
                        "read": .string(random.pick(["all", "team", "own", "none"])),
                        "update": .string(random.pick(["all", "team", "own", "none"])),
                        "delete": .string(random.pick(["all", "team", "own", "none"])), "create": .bool(random.below(2) == 0),
                    ]))
        }
        return .object(members)
    }

    private static func bodies(_ admin: Client) async throws -> [String: JSON] {
        let pipeline = try await admin.get("/v1/pipelines").json["data"]?.elements?.first ?? .null
        return [
            "contacts": ["last_name": "Ng"], "companies": ["name": "Acme"], "leads": ["last_name": "Ng"], "tasks": ["title": "Call"],
            "activities": ["kind": "call", "subject": "Hello", "at": "2026-11-30T09:00:00Z"],
            "deals": [
                "name": "Desks", "pipeline_id": pipeline["id"] ?? .null,
                "stage_id": pipeline["stages"]?.elements?.first?["id"] ?? .null,
            ],
        ]
    }

    private static func make(_ type: String, _ body: JSON, _ owners: [String], _ admin: Client, _ random: inout Chance) async throws
        -> [String]
    {
        var ids = ["00000000-0000-7000-8000-00000000000f"]
        for number in 0..<10 {
            let owned = body.members.map { JSON.object($0 + [.init("owner_id", .string(random.pick(owners)))]) } ?? body
            ids.append(try await RightsFirm.id(of: admin.with(.allowDuplicate, "true").post("/v1/\(type)", owned)))
            if number == 9 { _ = try await admin.delete("/v1/\(type)/\(ids[ids.count - 1])") }
        }
        return ids
    }
}

extension Chance {
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}
