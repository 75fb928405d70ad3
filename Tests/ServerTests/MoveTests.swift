import CRM
import Foundation
import Records
import Support
import Synchronization
import Tenancy
import Testing

@testable import Server

@Suite("A tenant moves to another cell while its people write") struct MoveTests {
    @Test(
        "What is made, changed and removed meanwhile is there afterwards and nothing else; a few seconds of waiting",
        .timeLimit(.minutes(5)))
    func writers() async throws {
        let installation = try await TestHouse.open()
        let site = try await TestSite(installation, .test)
        _ = try await installation.cellList.add(
            name: "north", url: try await TestHouse.database(), tenantLimit: 10, by: Instruction(actor: "test"))
        let firm = try await site.firm()
        let admin = try await firm.admin()
        let people = (0..<4).map { Writer(number: $0, client: admin) }
        for writer in people { try await writer.begin() }

        for cell in ["north", "main", "north"] {
            let end = End()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in people {
                    group.addTask { while !end.isHere { try await writer.step() } }
                }
                defer { end.come() }
                // The move meets writers at work.
                for writer in people { try await eventually { writer.done >= 20 } }
                let tenant = try await installation.move(
                    firm.slug, to: cell, TestHouse.catalog, by: Instruction(actor: "test", reason: "room"))
                #expect(tenant.cell == cell && tenant.writesPausedAt == nil)
                for writer in people {
                    let before = writer.done
                    try await eventually { writer.done > before + 5 }
                }
                end.come()
                try await group.waitForAll()
            }

            var found: [String: String] = [:]
            var after: String?
            repeat {
                let page = try await admin.get("/v1/contacts?limit=200&fields=id,last_name" + (after.map { "&after=\($0)" } ?? "")).json
                for one in page["data"]?.elements ?? [] { found[one["id"]?.string ?? ""] = one["last_name"]?.string }
                after = page["page"]?["next"]?.string
            } while after != nil
            let written = people.map(\.contacts).reduce(into: [String: String]()) { $0.merge($1) { $1 } }
            #expect(found.count == written.count)
            #expect(found.filter { written[$0.key] != $0.value }.isEmpty, "after the move to \(cell)")
            // Of each deleted one that was purged nothing is left, and each that is left has its whole history.
            let scope = try installation.directory.scope(for: try #require(try await installation.directory.find(slug: firm.slug)))
            #expect(
                try await scope.rows("SELECT 1 FROM contacts AS c WHERE NOT EXISTS (SELECT FROM changes WHERE record_id = c.id)").isEmpty)
            let keys = try await scope.rows(
                "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace")
            #expect(try keys[0].int(0) > 30)
        }
        print("The longest wait of four writers over three moves: \(people.map(\.longest).max() ?? .zero)")
        await installation.close()
    }
}

/// Whether the writers may go home.
private final class End: Sendable {
    private let state = Mutex(false)
    var isHere: Bool { state.withLock { $0 } }
    func come() { state.withLock { $0 = true } }
}

/// Writes contacts and remembers what was acknowledged.
private final class Writer: Sendable {
    private struct State {
        var contacts: [String: String] = [:]
        var done = 0
        var longest = Duration.zero
        var random: SplitMix64
    }
    private let number: Int
    private let client: Client
    private let state: Mutex<State>

    init(number: Int, client: Client) {
        (self.number, self.client) = (number, client)
        state = Mutex(State(random: SplitMix64(seed: UInt64(number))))
    }

    var contacts: [String: String] { state.withLock { $0.contacts } }
    var done: Int { state.withLock { $0.done } }
    var longest: Duration { state.withLock { $0.longest } }

    /// A few hundred that nobody touches, and some that are.
    func begin() async throws {
        let operations = (0..<100).map {
            JSON.object([.init("op", "create"), .init("body", ["last_name": .string("First \(number) \($0)")])])
        }
        let made = try await client.post("/v1/contacts/batch", ["operations": .array(operations)]).json
        let results = made["results"]?.elements ?? []
        try #require(results.count == 100)
        state.withLock { state in
            for (place, one) in results.enumerated() {
                state.contacts[one["record"]?["id"]?.string ?? one["id"]?.string ?? ""] = "First \(number) \(place)"
            }
        }
    }

    /// One write, again and again until it is taken: whoever is sent away comes back.
    func step() async throws {
        let (kind, id, name) = state.withLock { state in
            let kind = Int.random(in: 0..<4, using: &state.random)
            let id = state.contacts.keys.sorted().randomElement(using: &state.random)
            return (id == nil ? 0 : kind, id ?? "", "Name \(number) \(state.done)")
        }
        let began = ContinuousClock.now
        while true {
            let answer =
                switch kind {
                case 0, 1: try await client.post("/v1/contacts", ["last_name": .string(name), "email": .string("\(UUID())@example.com")])
                case 2: try await client.patch("/v1/contacts/\(id)", ["last_name": .string(name)])
                default: try await client.delete("/v1/contacts/\(id)?purge=true")
                }
            if answer.status == 503 {
                try await Task.sleep(for: .milliseconds(20))
                continue
            }
            try #require([200, 201, 204].contains(answer.status), "\(answer.status) \(answer.text)")
            let made = kind < 2 ? try answer.json["id"]?.string ?? "" : id
            let took = ContinuousClock.now - began
            state.withLock { state in
                state.contacts[made] = kind == 3 ? nil : name
                state.done += 1
                state.longest = max(state.longest, took)
            }
            return
        }
    }
}
