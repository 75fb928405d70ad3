import Foundation
import Postgres

/// The shared test cluster (`Deploy/test-cluster.sh start`).
enum TestServer {
    /// As the owner, who is no superuser.
    static let owner = ConnectionSettings(url: address("url"))
    /// As someone who may end other people's connections.
    static let superuser = ConnectionSettings(url: address("superuser-url"))

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

/// A pool for the time of a test.
func withPipeline<T>(
    _ settings: PoolSettings, to connection: ConnectionSettings = TestServer.owner, _ body: (PipelinePool) async throws -> T
) async throws -> T {
    let pool = PipelinePool(connection, settings)
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
    _ settings: PoolSettings, to connection: ConnectionSettings = TestServer.owner, _ body: (ExclusivePool) async throws -> T
) async throws -> T {
    let pool = ExclusivePool(connection, settings)
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
