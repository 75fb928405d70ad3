import Foundation
import Records
import Support
import Testing

@testable import Server

/// Writes and plan changes at random, each held against a model that is nothing but a list.
struct PlanWalk {
    private let firm: LimitedFirm
    /// Who works there, under the same plan.
    private var people: SeatWalk
    private var random: SplitMix64
    private var rows: [Row] = []
    private var limits: [String: Int] = [:]
    /// What was done, for whoever has to understand a failure.
    private var log: [String] = []

    private struct Row {
        let type: String
        let id: String
        let createdAt: String
        var isTrashed = false
    }

    init(_ firm: LimitedFirm, seed: UInt64) async throws {
        self.firm = firm
        people = try await SeatWalk(firm, seed: seed)
        random = SplitMix64(seed: seed)
    }

    mutating func step() async throws {
        switch Int.random(in: 0..<16, using: &random) {
        case 0...3: try await create()
        case 4: try await trash()
        case 5: try await restore()
        case 6: try await purge()
        case 7...8: try await patch()
        case 9...10: try await change()
        default: try await people.step()
        }
        try await compare()
    }

    /// Without limits everything is as it was before there were any.
    mutating func end() async throws {
        try await allow([:])
        try await people.end()
        try await compare()
        for row in live {
            let answer = try await firm.admin.patch("/v1/\(row.type)/\(row.id)", ["phone": "1"])
            note("patch \(row.type) in the end", answer, nil, otherwise: 200)
        }
    }

    private var live: [Row] { rows.filter { !$0.isTrashed } }

    private func used(_ resource: String) -> Int { live.filter { resource == "records" || resource == "records.\($0.type)" }.count }

    /// The narrowest limit that one more of the type would break.
    private func limit(on type: String) -> LimitRefusal? {
        for resource in ["records.\(type)", "records"] {
            if let limit = limits[resource], used(resource) >= limit { return LimitRefusal(limit, used(resource), resource) }
        }
        return nil
    }

    /// The limit beyond which the record lies.
    private func limit(beyond row: Row) -> LimitRefusal? {
        for resource in ["records.\(row.type)", "records"] {
            let counted = live.filter { resource == "records" || $0.type == row.type }
                .sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
            if let limit = limits[resource], counted.dropFirst(limit).contains(where: { $0.id == row.id }) {
                return LimitRefusal(limit, counted.count, resource)
            }
        }
        return nil
    }

    private mutating func create() async throws {
        let type = Bool.random(using: &random) ? "contacts" : "companies"
        let expected = limit(on: type)
        let answer = try await firm.admin.with(.allowDuplicate, "true").post(
            "/v1/\(type)", type == "contacts" ? ["last_name": "x"] : ["name": "x"])
        note("create \(type)", answer, expected, otherwise: 201)
        guard answer.status == 201, let id = try answer.json["id"]?.string, let time = try answer.json["created_at"]?.string else { return }
        rows.append(Row(type: type, id: id, createdAt: time))
    }

    private mutating func trash() async throws {
        guard let row = live.randomElement(using: &random) else { return }
        note("trash", try await firm.admin.delete("/v1/\(row.type)/\(row.id)"), nil, otherwise: 204)
        set(row.id) { $0.isTrashed = true }
    }

    private mutating func restore() async throws {
        guard let row = rows.filter(\.isTrashed).randomElement(using: &random) else { return }
        let expected = limit(on: row.type)
        let answer = try await firm.admin.send(.post, "/v1/\(row.type)/\(row.id)/restore")
        note("restore \(row.type)", answer, expected, otherwise: 200)
        if answer.status == 200 { set(row.id) { $0.isTrashed = false } }
    }

    private mutating func purge() async throws {
        guard let row = rows.randomElement(using: &random) else { return }
        note("purge", try await firm.admin.delete("/v1/\(row.type)/\(row.id)?purge=true"), nil, otherwise: 204)
        rows.removeAll { $0.id == row.id }
    }

    private mutating func patch() async throws {
        guard let row = live.randomElement(using: &random) else { return }
        let answer = try await firm.admin.patch("/v1/\(row.type)/\(row.id)", ["phone": .string("\(log.count)")])
        note("patch \(row.type)", answer, limit(beyond: row), otherwise: 200)
    }

    private mutating func change() async throws {
        var limits: [String: Int] = [:]
        for resource in ["records", "records.contacts", "records.companies"] where Int.random(in: 0..<3, using: &random) > 0 {
            limits[resource] = Int.random(in: 0...8, using: &random)
        }
        if Int.random(in: 0..<3, using: &random) > 0 { limits["users"] = Int.random(in: 1...5, using: &random) }
        try await allow(limits)
    }

    private mutating func allow(_ limits: [String: Int]) async throws {
        self.limits = limits
        try await firm.allow(.object(limits.map { .init($0.key, JSON($0.value)) }))
        log.append("limits \(limits)")
        try await people.allowed(limits["users"])
    }

    private mutating func note(_ what: String, _ answer: Client.Answer, _ expected: LimitRefusal?, otherwise status: Int) {
        log.append("\(what): \(answer.status)")
        #expect(LimitRefusal(answer) == expected, "\(log.suffix(12)) \(answer.text)")
        if expected == nil { #expect(answer.status == status, "\(log.suffix(12)) \(answer.text)") }
    }

    private mutating func set(_ id: String, _ change: (inout Row) -> Void) {
        guard let index = rows.firstIndex(where: { $0.id == id }) else { return }
        change(&rows[index])
    }

    /// What the server shows is what the model says.
    private func compare() async throws {
        for type in ["contacts", "companies"] {
            let expected = Set(live.filter { $0.type == type && limit(beyond: $0) != nil }.map(\.id))
            #expect(try await DowngradeTests.marked(firm, type) == expected, "\(log.suffix(12))")
            #expect(try await firm.used("records.\(type)") == used("records.\(type)"), "\(log.suffix(12))")
        }
        #expect(try await firm.used("records") == used("records"))
    }
}
