import Foundation
import Glibc
import Postgres

/// A database of this process's own in the shared test cluster (`Deploy/test-cluster.sh start`), so that several runs of these tests at
/// once do not meet: neither their tables nor their sessions, locks and notifications.
enum TestServer {
    /// As the owner, who is no superuser.
    static var owner: ConnectionSettings {
        get async throws { ConnectionSettings(url: address("url") + "&dbname=" + (try await database.value)) }
    }

    /// As someone who may end other people's connections.
    static var superuser: ConnectionSettings {
        get async throws { ConnectionSettings(url: address("superuser-url") + "&dbname=" + (try await database.value)) }
    }

    /// As the owner, under a name to be found by.
    static func owner(named name: String) async throws -> ConnectionSettings {
        var connection = try await owner
        connection.applicationName = name
        return connection
    }

    private static let database = Task {
        try await withExclusive(.test("database", connections: 1), to: ConnectionSettings(url: address("url"))) { pool in
            // Those of runs that have ended remain until the next one comes by.
            let names = try await pool.transaction {
                try $0.rows("SELECT datname FROM pg_database WHERE datname LIKE 'postgres\\_tests\\_%'").map { try $0.text(0) }
            }
            let dead = names.filter { name in name.split(separator: "_").last.flatMap { Int32($0) }.map { kill($0, 0) != 0 } ?? false }
            try await pool.outsideTransaction(dead.map { "DROP DATABASE IF EXISTS \(identifier: $0)" })
            let name = "postgres_tests_\(getpid())"
            try await pool.outsideTransaction(["DROP DATABASE IF EXISTS \(identifier: name)", "CREATE DATABASE \(identifier: name)"])
            return name
        }
    }

    private static func address(_ file: String) -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        guard let text = try? String(contentsOf: root.appending(path: ".test-cluster/\(file)"), encoding: .utf8) else {
            fatalError("There is no test cluster; run Deploy/test-cluster.sh start")
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

extension PoolSettings {
    /// Settings for a test, named for it.
    static func test(_ name: String, connections: Int = 2, _ change: (inout PoolSettings) -> Void = { _ in }) -> PoolSettings {
        var settings = PoolSettings(name: name, connections: connections)
        change(&settings)
        return settings
    }
}

private func address(_ connection: ConnectionSettings?) async throws -> ConnectionSettings {
    if let connection { return connection }
    return try await TestServer.owner
}

/// A pool for the time of a test.
func withPipeline<T>(
    _ settings: PoolSettings, to connection: ConnectionSettings? = nil, _ body: (PipelinePool) async throws -> T
) async throws -> T {
    let pool = PipelinePool(try await address(connection), settings)
    do {
        let value = try await body(pool)
        await pool.close()
        return value
    } catch {
        await pool.close()
        throw error
    }
}

/// A pool for the time of a test.
func withExclusive<T>(
    _ settings: PoolSettings, to connection: ConnectionSettings? = nil, _ body: (ExclusivePool) async throws -> T
) async throws -> T {
    let pool = ExclusivePool(try await address(connection), settings)
    do {
        let value = try await body(pool)
        await pool.close()
        return value
    } catch {
        await pool.close()
        throw error
    }
}

/// What a piece of work is refused with; nil when it is not.
func refusal(_ work: () async throws -> Void) async -> PostgresError? {
    do {
        try await work()
        return nil
    } catch {
        return error as? PostgresError
    }
}
