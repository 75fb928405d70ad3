import Foundation
import Records
import Support
import Synchronization
import Testing

@testable import Server

@Suite("Where events come from") struct EventSourceTests {
    @Test("A batch, its undo, a merge, an import and its way back wake those who follow as soon as they are committed") func waking()
        async throws
    {
        let house = try await ImportFirm()
        let heard = try await Heard(house.firm, house.admin)
        defer { heard.end() }
        func wakes(_ what: String, _ work: () async throws -> Void) async throws {
            let before = heard.changes
            try await work()
            try await eventually { heard.changes > before }
        }
        let creating: JSON = [
            "operations": [["op": "create", "body": ["last_name": "A"]], ["op": "create", "body": ["last_name": "B"]]]
        ]

        var batch: JSON = .null
        try await wakes("batch") { batch = try await house.admin.post("/v1/contacts/batch", creating).json }
        let ids = batch["results"]?.elements?.compactMap { $0["id"] } ?? []
        #expect(ids.count == 2)
        try await wakes("merge") {
            let merged = try await house.admin.post("/v1/contacts/\(ids[0].string ?? "")/merge", ["from": [ids[1]]])
            #expect(merged.status == 200)
        }
        try await wakes("undo") {
            let operation = batch["operation_id"]?.string ?? ""
            let undone = try await house.admin.send(.post, "/v1/operations/\(operation)/undo")
            #expect(undone.status == 200)
        }
        var done: JSON = .null
        try await wakes("import") { done = try await house.take(["type": "contacts"], "Last Name\nC\nD\n") }
        try await wakes("revert") {
            let id = done["id"]?.string ?? ""
            let begun = try await house.admin.send(.post, "/v1/imports/\(id)/revert")
            let ended = try await house.ended(id)
            #expect(begun.status == 202 && ended["reverted"] == 2)
        }
    }

    @Test("Imports, ways back and exports tell how far they are until they are done") func progress() async throws {
        let house = try await ImportFirm()
        let heard = try await Heard(house.firm, house.admin)
        defer { heard.end() }
        let me = try await house.admin.get("/v1/session").json["user"]?["id"]

        let done = try await house.take(["type": "contacts"], "Last Name,E-Mail\nC,c@example.com\nD,bad\n")
        let id = done["id"] ?? .null
        try await eventually { heard.told(id).contains { $0["state"] == "done" } }
        let told = heard.told(id)
        #expect(told.first?["state"] == "queued" && told.first?["progress"]?.double == 0)
        #expect(told.contains { $0["state"] == "running" && $0["progress"]?.double == 1 })
        #expect(told.allSatisfy { $0["kind"] == "imports" && $0["owner"] == me })
        #expect(told.last?["progress"]?.double == 1)
        #expect(try await house.admin.send(.post, "/v1/imports/\(id.string ?? "")/revert").status == 202)
        _ = try await house.ended(id.string ?? "")
        try await eventually { heard.told(id).last?["state"] == "reverted" }
        #expect(heard.told(id).contains { $0["state"] == "reverting" && $0["progress"]?.double == 0 })

        let export = try await house.admin.finishedExport(["type": "contacts", "format": "csv"])
        try await eventually { heard.told(export["id"] ?? .null).last?["state"] == "done" }
        let states = heard.told(export["id"] ?? .null).compactMap { $0["state"]?.string }
        #expect(states.first == "running")
    }
}

/// What the server of a firm hears of it while somebody follows.
private final class Heard: Sendable {
    private struct State {
        var changes = 0
        var progress: [JSON] = []
    }

    private let state = Mutex(State())
    private let listening = Mutex<Task<Void, Never>?>(nil)

    /// Returns when a write has been heard of: from then on none is missed.
    init(_ firm: Firm, _ client: Client) async throws {
        let signals = try #require(firm.site.house.events.follow(firm.slug))
        listening.withLock { task in
            task = Task { [weak self] in
                for await signal in signals { self?.note(signal) }
            }
        }
        let scope = try await firm.scope()
        try await eventually {
            _ = try await scope.run([ChangeNews.watching])
            _ = try await client.post("/v1/companies", ["name": "Heard"])
            return changes > 0
        }
    }

    var changes: Int { state.withLock(\.changes) }
    func told(_ id: JSON) -> [JSON] { state.withLock(\.progress).filter { $0["id"] == id } }
    func end() { listening.withLock { $0?.cancel() } }

    private func note(_ signal: EventHub.Signal) {
        state.withLock { state in
            switch signal {
            case .changes: state.changes += 1
            case .progress(let document): state.progress.append(document)
            case .tick: break
            }
        }
    }
}

extension JSON {
    fileprivate var double: Double? { if case .number(let text) = self { Double(text) } else { nil } }
}
