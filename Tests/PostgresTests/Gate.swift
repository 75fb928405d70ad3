import Foundation
import Postgres

/// A statement that waits until the test lets it go: an advisory lock, held by a connection of its own.
final class Gate: Sendable {
    let key = Int.random(in: 1...Int(Int32.max))
    private let keeper: PipelinePool

    /// A closed gate.
    init() async throws {
        keeper = PipelinePool(try await TestServer.owner, .test("gate", connections: 1))
        _ = try await keeper.run(Unit(["SELECT pg_advisory_lock(\(key)::bigint)"]))
    }

    /// Waits at the gate.
    var passage: SQL { "SELECT pg_advisory_xact_lock_shared(\(key)::bigint)" }

    /// How many statements wait at the gate.
    func queue() async throws -> Int {
        let rows = try await keeper.run(
            Unit(["SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = \(key)::bigint AND NOT granted"]))
        return try rows[0][0].int(0)
    }

    /// Lets everyone pass, for good.
    func open() async {
        await keeper.close()
    }
}
