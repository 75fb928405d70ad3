import Foundation
import Logging
import Postgres
import Schema
import Secrets
import Support

@testable import Tenancy

/// Addresses of the shared cluster (`Deploy/test-cluster.sh start`).
enum TestCluster {
    /// A role with CREATEROLE and CREATEDB, no superuser: as in production.
    static func ownerURL() throws -> String { try note("url") }

    /// For tests that end other people's connections.
    static func superuserURL() throws -> String { try note("superuser-url") }

    /// The same database for the superuser.
    static func superuserURL(of url: String) throws -> String {
        url.replacing("//tenantry@", with: "//postgres@")
    }

    /// The owner's address of another database of the cluster.
    static func url(of database: String) throws -> String {
        let (head, tail) = try ownerURL().split(separator: "/tenantry?", maxSplits: 1).pair
        return "\(head)/\(database)?\(tail)"
    }

    /// Runs statements one by one.
    static func run(_ statements: [SQL], at url: String) async throws {
        let pool = ExclusivePool(ConnectionSettings(url: url), PoolSettings(name: "test", connections: 1))
        do {
            try await pool.outsideTransaction(statements)
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
    }

    private static func note(_ name: String) throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: ".test-cluster/\(name)"), encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

extension [Substring] {
    fileprivate var pair: (Substring, Substring) { (first ?? "", dropFirst().first ?? "") }
}

/// A database of its own, without anything in it, for the time of `body`.
func withDatabase<T>(_ body: (String) async throws -> T) async throws -> T {
    let name = "test_" + hex(RandomBytes.make(6))
    try await TestCluster.run(["CREATE DATABASE \(identifier: name) TEMPLATE template0 ENCODING 'UTF8'"], at: TestCluster.ownerURL())
    do {
        let result = try await body(try TestCluster.url(of: name))
        try await remove(name)
        return result
    } catch {
        try? await remove(name)  // the first error is the one to see
        throw error
    }
}

/// An installation in a database of its own, migrated and started, for the time of `body`.
func withInstallation<T>(
    _ configure: (inout InstallationSettings) -> Void = { _ in }, _ body: (Installation) async throws -> T
) async throws -> T {
    try await withDatabase { url in
        var settings = InstallationSettings(ownerURL: url)
        configure(&settings)
        return try await testInstallation(settings).running(body)
    }
}

/// Another process of the same installation.
func testInstallation(_ settings: InstallationSettings) -> Installation {
    Installation(settings, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
}

/// The database and the roles that are named after its installation: a role with thousands of memberships slows down every later test.
private func remove(_ name: String) async throws {
    let url = try TestCluster.url(of: name)
    let pool = ExclusivePool(ConnectionSettings(url: url), PoolSettings(name: "test", connections: 1))
    let roles = try await pool.transaction { transaction in
        guard try !transaction.rows("SELECT 1 WHERE to_regclass('cell.tenants') IS NOT NULL").isEmpty else { return [String]() }
        let tenants = try transaction.rows("SELECT role FROM cell.tenants UNION SELECT role FROM cell.spares").map { try $0.text(0) }
        let shared = try transaction.rows(
            """
            SELECT rolname FROM pg_roles, cell.this_cell
            WHERE rolname LIKE 'tenantry\\_' || right(installation::text, 8) || '\\_' || name || '%'
            """
        ).map { try $0.text(0) }
        return tenants + shared
    }
    await pool.close()
    // A connection that was just closed may be there for a moment; only a superuser may end it whosever it is.
    try await TestCluster.run(
        ["DROP DATABASE \(identifier: name) WITH (FORCE)"] + roles.map { "DROP ROLE \(identifier: $0)" }, at: TestCluster.superuserURL())
}

func hex(_ bytes: [UInt8]) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}

extension Instruction {
    static let test = Instruction(actor: "test", reason: "testing", requestID: "test-1")
}

extension ProvisionRequest {
    static func sample(_ slug: String, fingerprint: String = "same") -> ProvisionRequest {
        ProvisionRequest(
            slug: slug, name: "The \(slug) company", admin: .init(email: "ada@\(slug).example", name: "Ada"),
            fingerprint: Digest.sha256(fingerprint))
    }
}

extension Installation {
    /// What someone with every right does by hand in the first cell.
    func byHand(_ statement: String) async throws {
        try await TestCluster.run([SQL(code: statement)], at: TestCluster.superuserURL(of: settings.ownerURL))
    }

    /// A tenant with one table of its own beside the real ones, and one row that says whose it is.
    func tenantWithMarks(_ slug: String) async throws -> Tenant {
        let tenant = try await provisioning.provision(.sample(slug), by: .test).tenant
        let scope = try directory.scope(for: tenant)
        _ = try await scope.transaction { transaction in
            try transaction.script("CREATE TABLE marks (id integer PRIMARY KEY, owner text NOT NULL, hits integer NOT NULL DEFAULT 0)")
            return try transaction.rows("INSERT INTO marks (id, owner) SELECT n, \(slug) FROM generate_series(1, 20) AS n").affected
        }
        return tenant
    }
}
