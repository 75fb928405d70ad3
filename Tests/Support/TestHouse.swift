import Blobs
import CRM
import Foundation
import Logging
import Postgres
import Records
import Secrets
import Settings
import Tenancy

/// One installation on the shared cluster for all tests of this process, in a database of its own.
package enum TestHouse {
    private static let opened = Task<Installation, any Error> { try await open() }

    package static var installation: Installation {
        get async throws { try await opened.value }
    }

    package static let catalog = RecordTypes.catalog { password throws(Problem) in "hash of \(password)" }

    /// The owner's address of the cluster (`Deploy/test-cluster.sh start`).
    package static func ownerURL() throws -> String { try address("url") }

    /// Someone who may end other people's connections.
    package static func superuserURL() throws -> String { try address("superuser-url") }

    private static func address(_ name: String) throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: ".test-cluster/\(name)"), encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// A fresh database; it goes with the cluster.
    package static func database() async throws -> String {
        let owner = try ownerURL()
        let name = "test_\(RandomBytes.make(6).map { String(format: "%02x", $0) }.joined())"
        let pool = ExclusivePool(ConnectionSettings(url: owner), PoolSettings(name: "create", connections: 1))
        try await pool.outsideTransaction(["CREATE DATABASE \(identifier: name) TEMPLATE template0 ENCODING 'UTF8'"])
        await pool.close()
        guard var address = URLComponents(string: owner) else { throw PostgresError.unexpected("The owner's URL cannot be read.") }
        address.path = "/" + name
        return address.string ?? owner
    }

    /// One more installation, for a test that counts what its pools do or that needs other settings.
    package static func open(_ change: (inout InstallationSettings) -> Void = { _ in }) async throws -> Installation {
        try await open(at: try await database(), change)
    }

    /// The shared installation once more, as another process has it: with connections and a memory of its own, fresh until the test ends.
    package static func again() async throws -> Installation {
        let other = try await open(at: try await installation.settings.ownerURL)
        // Ends with the process, as the installation does.
        Task { await other.run() }
        return other
    }

    /// Where the blobs of all installations of this process are; the system clears its folder.
    private static let blobs = FileManager.default.temporaryDirectory.appending(path: "blobs-\(UUID().uuidString)").path()

    /// An installation in the database of this address.
    package static func open(at url: String, _ change: (inout InstallationSettings) -> Void = { _ in }) async throws -> Installation {
        var settings = InstallationSettings(ownerURL: url)
        settings.seed = FirstRows.seed
        settings.blobs = DirectoryStore(blobs)
        settings.defaultPlan = "unlimited"
        settings.billing.seller = ["Tenantry Test Ltd", "Harbour 1", "20457 Hamburg"]
        settings.billing.taxRates = ["BE": ExactDecimal(units: 21, scale: 0)]
        settings.blueprints = try BlueprintFiles.builtIn().mapValues { Array($0) }
        settings.migration.connections = 4
        settings.provisioning.connections = 4
        change(&settings)
        let installation = Installation(settings, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        _ = try await installation.migrate()
        try await installation.start()
        return installation
    }

    /// A tenant that no other test knows.
    package static func tenant(settings: String? = nil) async throws -> TestTenant {
        let installation = try await installation
        let slug = "test-" + RandomBytes.make(6).map { String(format: "%02x", $0) }.joined()
        let email = "admin@\(slug).example"
        let request = ProvisionRequest(
            slug: slug, name: slug, admin: .init(email: email, name: "Ada Admin", passwordHash: "none"), settings: settings, isTest: true,
            fingerprint: RandomBytes.make(32))
        _ = try await installation.provisioning.provision(request, by: Instruction(actor: "test"))
        guard let tenant = try await installation.directory.tenant(slug: slug) else { throw PostgresError.unexpected("No tenant \(slug)") }
        return TestTenant(tenant: tenant, scope: try installation.directory.scope(for: tenant))
    }
}

/// A tenant of one test, and its people.
package struct TestTenant: Sendable {
    package let tenant: Tenant
    package let scope: TenantScope

    package init(tenant: Tenant, scope: TenantScope) {
        self.tenant = tenant
        self.scope = scope
    }

    /// The first person, who may do everything.
    package var admin: Caller { caller(tenant.adminID, Rights(types: ["*": .everything], admin: .everything)) }

    package func caller(_ id: UUID, _ rights: Rights) -> Caller {
        Caller(actor: Actor(.user, id), userID: id, rights: rights, requestID: "test")
    }

    /// Someone with a built-in role.
    package func person(_ role: String) async throws -> Caller {
        let row = try await scope.rows("SELECT id, rights, hidden_fields, readonly_fields, admin FROM roles WHERE key = \(role)")[0]
        let rights = Rights(
            rights: try JSON(parsing: row.text(1)), hiddenFields: try JSON(parsing: row.text(2)),
            readOnlyFields: try JSON(parsing: row.text(3)), admin: try JSON(parsing: row.text(4)))
        let body: JSON = [
            "email": .string("\(role)-\(RandomBytes.make(4).map(String.init).joined())@example.com"), "name": .string(role),
            "role_id": .string(try row.text(0)), "password": "correct horse battery",
        ]
        let user = try await store("users").create(body)
        guard let id = user.id.flatMap(UUID.init(uuidString:)) else { throw PostgresError.unexpected("A user has no id.") }
        return caller(id, rights)
    }

    package func store(_ type: String, as caller: Caller? = nil) -> RecordStore {
        guard let found = TestHouse.catalog[type] else { fatalError("The catalog has no type \(type)") }
        return RecordStore(found, of: TestHouse.catalog, in: scope, for: caller ?? admin)
    }
}

extension RecordAnswer {
    /// The body as JSON.
    package var json: JSON {
        get throws { try JSON(parsing: body ?? Array("null".utf8)) }
    }
}

extension ListAnswer {
    package var json: JSON {
        get throws { try JSON(parsing: body) }
    }

    /// The values of one member of the page's records.
    package func values(_ name: String) throws -> [JSON] {
        try json["data"]?.elements?.compactMap { $0[name] } ?? []
    }
}
