import Foundation
import Postgres
import Synchronization
import Testing

/// A run of random operations, and a ledger of what should be in the table afterwards.
final class Fuzz: Sendable {
    enum Fate { case written, refused, unknown }

    let name: String
    let connection: ConnectionSettings
    private let seed: UInt64
    private let fates = Mutex<[Int: Fate]>([:])
    private let hangman: PipelinePool
    private var table: String { name.replacingOccurrences(of: "-", with: "_") }

    init(_ name: String, seed: UInt64) async throws {
        self.name = name
        self.seed = seed
        connection = try await TestServer.owner(named: name)
        hangman = PipelinePool(try await TestServer.superuser, .test("hangman", connections: 1))
    }

    func settings(connections: Int) -> PoolSettings {
        .test(name, connections: connections) { settings in
            settings.waitDeadline = .seconds(20)
            settings.maximumStatements = 6
            settings.maximumNamespaces = 5
            settings.unitsInFlight = 8
        }
    }

    func prepare() async throws {
        _ = try await hangman.run(
            Unit([
                SQL(code: "DROP TABLE IF EXISTS \(table)"), SQL(code: "CREATE TABLE \(table) (n int PRIMARY KEY)"),
                SQL(code: "GRANT ALL ON \(table) TO tenantry"),
            ]))
    }

    func insertion(_ number: Int) -> SQL {
        SQL(code: "INSERT INTO \(table) VALUES (") + "\(number)::int)"
    }

    /// Runs the operations with many callers; a third of them is cancelled at some moment.
    func run(operations: Int, callers: Int, _ operate: @escaping @Sendable (Int, inout Dice) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<callers {
                group.addTask { [self] in
                    var dice = Dice(seed: seed &* 1000 &+ UInt64(caller))
                    for number in stride(from: 1 + caller, through: operations, by: callers) {
                        let own = Dice(seed: UInt64(number) &+ seed)
                        let operation = Task {
                            var dice = own
                            try await operate(number, &dice)
                        }
                        if dice.roll(3) == 0 {
                            for _ in 0..<dice.roll(60) { await Task.yield() }
                            operation.cancel()
                        }
                        do { try await operation.value } catch { note(error) }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Writes a row, and what became of it into the ledger.
    func write(_ number: Int, _ work: () async throws -> Void) async throws {
        let fate: Fate
        defer { fates.withLock { $0[number] = fate } }
        do {
            try await work()
            fate = .written
        } catch let error as PostgresError {
            switch error {
            case .cancelled, .outcomeUnknown: fate = .unknown
            case .refused, .overloaded, .unreachable, .unexpected: fate = .refused
            }
            throw error
        } catch {
            fate = .unknown
            throw error
        }
    }

    /// Ends one of the connections under test.
    func killOne() async throws {
        _ = try await hangman.run(
            Unit([
                "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE application_name = \(name) AND datname = current_database() ORDER BY random() LIMIT 1) AS one"
            ]))
    }

    /// Compares the table with the ledger: nothing acknowledged is missing, nothing refused is there.
    func checkLedger() async throws {
        let rows = try await hangman.run(Unit([SQL(code: "SELECT n FROM \(table)")]))[0]
        let present = Set(try rows.map { try $0.int(0) })
        let fates = fates.withLock { $0 }
        let lost = fates.filter { $1 == .written && !present.contains($0) }.keys
        let unwanted = fates.filter { $1 == .refused && present.contains($0) }.keys
        #expect(lost.isEmpty && unwanted.isEmpty)
        #expect(present.subtracting(fates.keys).isEmpty)
    }

    /// No session of the pool under test holds a transaction.
    func checkNothingIsOpen() async throws {
        let open = try await hangman.run(
            Unit([
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = \(name) AND datname = current_database() AND state LIKE 'idle in transaction%'"
            ]))
        #expect(try open[0][0].int(0) == 0)
        await hangman.close()
    }

    /// What may come of work when tasks are cancelled and connections killed; anything else is a fault.
    private func note(_ error: any Error) {
        switch error as? PostgresError {
        case .cancelled, .outcomeUnknown, .unreachable: break
        case .refused, .overloaded, .unexpected, nil: Issue.record(error)
        }
    }
}
