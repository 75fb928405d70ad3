import Records
import Support
import Testing

@testable import Server

@Suite("Merges and their undoing") struct MergePropertyTests {
    @Test("Whatever is merged in whatever firm, nothing refers to a loser, and an undo gives the former state", arguments: [1, 2, 3])
    func walks(seed: UInt64) async throws {
        var walk = try await MergeWalk(seed: seed)
        for _ in 0..<12 {
            let before = try await walk.firm.state(walk.types)
            guard let merge = try await walk.merge() else { continue }

            let after = try await walk.firm.state(walk.types)

            #expect(
                after.filter { !merge.losers.contains($0.key) && $0.value.mentions(merge.loserIDs) }.keys.sorted() == [], "seed \(seed)")
            #expect(after.count == before.count)
            let undone = try await walk.firm.undo(merge.operation)
            #expect(undone["conflicts"] == [], "seed \(seed): \(undone.text)")
            let again = try await walk.firm.state(walk.types)
            let differing = before.keys.filter { before[$0] != again[$0] }
            #expect(differing.isEmpty, "seed \(seed): \(differing.map { "\(before[$0]?.text ?? "") -> \(again[$0]?.text ?? "")" })")
            // Every other one is done again, so that the next begins with what is left of it.
            if walk.chance.below(2) == 0 { _ = try await walk.firm.undo(undone["operation_id"]) }
        }
        #expect(try await walk.firm.drift() == 0)
    }
}

/// A firm of random people, companies, deals, leads and work, some of it in the trash, and the merges done to it by chance.
private struct MergeWalk {
    let firm: MergeFirm
    var chance: Chance
    let types: [String]
    private var ids: [String: [String]] = [:]
    private var serial = 0

    struct Merge {
        let losers: Set<String>
        let loserIDs: Set<String>
        let operation: JSON?
    }

    init(seed: UInt64) async throws {
        firm = try await MergeFirm()
        chance = Chance(state: seed)
        types = ["companies", "contacts", "leads", "deals", try await firm.ownType(), "activities", "tasks"]
        for type in types {
            for _ in 0..<8 {
                let id = try await make(type)
                ids[type, default: []].append(id)
            }
        }
        for type in ["deals", "tasks", "activities"] {
            _ = try await firm.admin.delete("/v1/\(type)/\(ids[type]?[chance.below(8)] ?? "")")
        }
    }

    /// Merges up to three records into one; nil where a rule does not allow it.
    mutating func merge() async throws -> Merge? {
        let type = types[chance.below(5)]
        var alive: [String] = []
        for record in try await firm.admin.get("/v1/\(type)?limit=200&sort=created_at").json["data"]?.elements ?? [] {
            alive.append(record["id"]?.string ?? "")
        }
        guard alive.count > 1 else { return nil }
        let winner = alive.remove(at: chance.below(alive.count))
        var losers: [String] = []
        for _ in 0...chance.below(3) where !alive.isEmpty { losers.append(alive.remove(at: chance.below(alive.count))) }
        let choosable = ["companies": "domain", "contacts": "email", "leads": "external_id", "deals": "external_id"]
        let choice = choosable[type].map { [JSON.Member("choose", .object([.init($0, .string(losers[0]))]))] } ?? []
        let answer = try await firm.merge(type, winner, losers, chance.below(2) == 0 ? choice : [])
        // A company may not come to belong to itself.
        if answer.status == 422, answer.pointers == ["/choose/parent_id"] { return nil }
        guard answer.status == 200 else { throw Unexpected(answer) }
        return Merge(losers: Set(losers.map { "\(type)/\($0)" }), loserIDs: Set(losers), operation: try answer.json["operation_id"])
    }

    private mutating func make(_ type: String) async throws -> String {
        serial += 1
        switch type {
        case "companies":
            return try await firm.make(
                type,
                body(
                    [("name", .string("C\(serial)"))],
                    [("domain", .string("c\(serial).example")), ("parent_id", some(type)), ("industry", "x")]))
        case "contacts":
            return try await firm.make(
                type,
                body(
                    [("last_name", .string("P\(serial)")), ("tags", [.string("t\(chance.below(4))")])],
                    [("email", .string("p\(serial)@example.com")), ("phone", .string("\(serial)")), ("company_id", some("companies"))]))
        case "leads":
            return try await firm.make(
                type, body([("last_name", "L")], [("score", JSON(chance.below(100))), ("external_id", .string("\(serial)"))]))
        case "deals":
            let links = [("contact_id", some("contacts")), ("company_id", some("companies")), ("external_id", .string("\(serial)"))]
            return try await firm.deal(body([], links).members ?? [])
        case "activities":
            let people = Set([some("contacts"), some("contacts"), some("contacts")].compactMap(\.string)).sorted()
            return try await firm.make(
                type,
                body(
                    [("kind", "note"), ("subject", "S"), ("at", "2026-01-01T00:00:00Z"), ("contact_ids", JSON(people))],
                    [("company_id", some("companies")), ("deal_id", some("deals")), ("lead_id", some("leads"))]))
        case "tasks":
            let about = types[chance.below(5)]
            return try await firm.make(type, body([("title", "T"), ("about", ["type": .string(about), "id": some(about)])], []))
        default:
            return try await firm.make(
                type,
                body([("serial", .string("\(serial)"))], [("operator_ref", some("contacts")), ("spare_of", some(type)), ("notes", "n")]))
        }
    }

    /// The first always, the others by chance.
    private mutating func body(_ always: [(String, JSON)], _ perhaps: [(String, JSON)]) -> JSON {
        var members = always
        for member in perhaps where chance.below(3) > 0 { members.append(member) }
        return .object(members.filter { !$0.1.isNull }.map { JSON.Member($0.0, $0.1) })
    }

    private mutating func some(_ type: String) -> JSON {
        guard let known = ids[type], !known.isEmpty else { return .null }
        return .string(known[chance.below(known.count)])
    }
}

extension JSON {
    /// Whether one of the ids stands anywhere in it.
    fileprivate func mentions(_ ids: Set<String>) -> Bool {
        if let string { return ids.contains(string) }
        return elements?.contains { $0.mentions(ids) } ?? members?.contains { $0.value.mentions(ids) } ?? false
    }
}
