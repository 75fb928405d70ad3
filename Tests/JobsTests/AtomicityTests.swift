import Foundation
import Jobs
import Postgres
import Support
import Tenancy
import Testing

@Suite("A promise is kept exactly when its transaction is") struct AtomicityTests {
    @Test(
        "Of ten thousand transactions with random refusals and killed connections, jobs are there for those that committed",
        .timeLimit(.minutes(3)))
    func atomic() async throws {
        let house = QueueHouse(installation: try await TestHouse.open())
        let scope = try await house.tenant()
        let killer = ExclusivePool(
            ConnectionSettings(url: try TestHouse.superuserURL()), PoolSettings(name: "killer", connections: 1))

        let refused = try await withThrowingTaskGroup(of: Int.self) { group in
            for writer in 0..<20 {
                group.addTask {
                    var refused = 0
                    for number in 0..<500 {
                        var unit: [SQL] = [
                            "INSERT INTO idempotent_requests (credential, key, fingerprint) VALUES (\(UUID()), \("\(writer)-\(number)"), '')",
                            .enqueue(Greet(name: "\(writer)-\(number)"), at: .now.addingTimeInterval(3600)),
                        ]
                        if Int.random(in: 0..<4) == 0 { unit.insert("SELECT 1 / 0", at: Int.random(in: 0...2)) }
                        do {
                            _ = try await scope.run(unit)
                        } catch PostgresError.refused {
                            refused += 1
                        } catch PostgresError.outcomeUnknown, PostgresError.unreachable {
                            // Killed: it committed or not, but both rows or none.
                        }
                    }
                    return refused
                }
            }
            let killing = Task {
                while !Task.isCancelled {
                    _ = try await killer.transaction { transaction in
                        try transaction.rows(
                            """
                            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                            WHERE datname = \(try Self.database(house)) AND usename <> current_user AND usename <> 'tenantry' ORDER BY random() LIMIT 1
                            """)
                    }
                    try await Task.sleep(for: .milliseconds(40))
                }
            }
            defer { killing.cancel() }
            return try await group.reduce(0, +)
        }
        await killer.close()

        let written = Set(try await scope.rows("SELECT key FROM idempotent_requests").map { try $0.text(0) })
        let promised = try await house.cell().rows("SELECT payload->>'name' FROM jobs").map { try $0.text(0) }
        #expect(Set(promised) == written)
        #expect(promised.count == written.count)
        #expect(refused > 1000 && written.count > 1000)
        #expect(house.installation.figures.contains { ($0.retired["broken"] ?? 0) > 0 }, "no connection was ever killed")
        await house.installation.close()
    }

    private static func database(_ house: QueueHouse) throws -> String {
        try #require(URL(string: house.installation.settings.ownerURL)).lastPathComponent
    }
}
