import Foundation
import Testing

@Suite("kill -9 at any moment loses no acknowledged write", .serialized, .timeLimit(.minutes(10))) struct KillTests {
    @Test("of the server") func server() async throws {
        let place = try Place()
        let first = try await Dev(in: place.path)
        let client = try await first.tenant("killed-server")

        let acknowledged = try await writing(to: client) {
            first.program.send(SIGKILL)
            _ = await first.program.end()
        }
        let second = try await Dev(in: place.path)

        try await expectAll(acknowledged, in: second.signedIn("killed-server", "ada@killed-server.example", Dev.password))
        try await second.stop()
    }

    @Test("of PostgreSQL; the server goes on by itself") func postgres() async throws {
        let place = try Place()
        let dev = try await Dev(in: place.path)
        let client = try await dev.tenant("killed-postgres")

        let acknowledged = try await writing(to: client) {
            kill(try dev.postgres, SIGKILL)
            _ = try await eventually("writes succeed again") {
                try await client.call("POST", "/v1/contacts", ["last_name": "after the kill"]).status == 201 ? true : nil
            }
        }

        try await expectAll(acknowledged, in: client)
        try await dev.stop()
    }

    /// Eight writers write without pause; once they have begun, `disaster` strikes; the ids that were answered with 201 come back.
    private func writing(to client: Client, _ disaster: () async throws -> Void) async throws -> Set<String> {
        let ledger = Ledger()
        let writers = (0..<8).map { writer in
            Task {
                var number = 0
                while await !ledger.isClosed {
                    number += 1
                    // While the server is away there is no answer, and so nothing to keep.
                    let answer = try? await client.call("POST", "/v1/contacts", ["last_name": "Writer \(writer), \(number)"])
                    if let answer, answer.status == 201, let id = try answer.text("id") { await ledger.add(id) } else { await Task.yield() }
                }
            }
        }
        _ = try await eventually("two hundred writes are acknowledged") { await ledger.ids.count >= 200 ? true : nil }
        do {
            try await disaster()
            await ledger.close()
        } catch {
            await ledger.close()
            throw error
        }
        for writer in writers { try await writer.value }
        return await ledger.ids
    }

    private func expectAll(_ ids: Set<String>, in client: Client) async throws {
        var found: Set<String> = []
        var cursor: String?
        repeat {
            let page = try await client.get("/v1/contacts?limit=200&fields=last_name" + (cursor.map { "&after=\($0)" } ?? ""))
            let json = try page.json()
            found.formUnion((json["data"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String })
            cursor = (json["page"] as? [String: Any])?["next"] as? String
        } while cursor != nil
        #expect(ids.subtracting(found) == [])
        #expect(ids.count >= 200)
    }
}

/// What was acknowledged, by several writers.
private actor Ledger {
    private(set) var ids: Set<String> = []
    private(set) var isClosed = false

    func add(_ id: String) { ids.insert(id) }
    func close() { isClosed = true }
}
