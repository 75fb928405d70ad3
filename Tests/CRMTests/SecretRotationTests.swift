import Foundation
import Logging
import Postgres
import Records
import Secrets
import Support
import Tenancy
import Testing

@testable import CRM

@Suite("Changing the installation's key") struct SecretRotationTests {
    private static let place = "mail.smtp.password"
    private let old = RandomBytes.make(40)
    private let new = RandomBytes.make(40)

    /// One process of the installation, with these keys.
    private func process<T>(_ url: String, key: [UInt8]?, former: [UInt8]? = nil, _ body: (Installation) async throws -> T) async throws
        -> T
    {
        var settings = InstallationSettings(ownerURL: url)
        settings.seed = FirstRows.seed
        settings.key = key
        settings.formerKey = former
        return try await Installation(settings, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }).running(body)
    }

    private func order(_ slug: String, _ password: String?) -> ProvisionRequest {
        let settings = password.map { "{\"mail\": {\"smtp\": {\"host\": \"mail.example.com\", \"password\": \"\($0)\"}}}" }
        return ProvisionRequest(
            slug: slug, name: slug, admin: .init(email: "a@\(slug).example", name: "A"), settings: settings,
            fingerprint: Digest.sha256(slug))
    }

    /// What a tenant's password opens to, as it is in force and in every version.
    private func passwords(of slug: String, _ installation: Installation) async throws -> [String?] {
        let tenant = try #require(try await installation.directory.tenant(slug: slug))
        let key = try await installation.key(of: tenant)
        let rows = try await installation.directory.scope(for: tenant).rows(
            "SELECT document FROM settings UNION ALL SELECT document FROM settings_history")
        return try rows.map { row in
            let document = try JSON(parsing: row.text(0))
            return SealedSecret.text(in: document["mail"]?["smtp"]?["password"]).flatMap { key.open($0, for: Self.place) }
        }
    }

    @Test("Old secrets open while the old key is known, and without it once they are sealed anew; done twice it does nothing")
    func rotation()
        async throws
    {
        let url = try await TestHouse.database()
        try await process(url, key: old) { (installation: Installation) async throws in
            for (slug, password) in [("acme", "one"), ("beta", "two"), ("none", nil)] {
                _ = try await installation.provisioning.provision(order(slug, password), by: Instruction(actor: "test"))
            }
            _ = try await installation.lifecycle.suspend("beta", by: Instruction(actor: "test"))
        }
        #expect(try await process(url, key: new) { try await passwords(of: "acme", $0) } == [nil, nil])

        try await process(url, key: new, former: old) { (installation: Installation) async throws in
            #expect(try await passwords(of: "acme", installation) == ["one", "one"])
            // The same order is still the same order.
            #expect(try await !installation.provisioning.provision(order("acme", "one"), by: Instruction(actor: "test")).isNew)

            let report = try await SecretRotation(of: installation).run()
            let again = try await SecretRotation(of: installation).run()

            #expect(report == SecretRotation.Report(tenants: 3, renewed: 4))
            #expect(again == SecretRotation.Report(tenants: 3, renewed: 0))
        }
        try await process(url, key: new) { (installation: Installation) async throws in
            #expect(try await passwords(of: "acme", installation) == ["one", "one"])
            #expect(try await passwords(of: "beta", installation) == ["two", "two"])
        }
        #expect(try await process(url, key: old) { try await passwords(of: "acme", $0) } == [nil, nil])
    }

    @Test("A rotation that was interrupted goes on where it ended; what no key opens is named, and stays") func interrupted() async throws {
        let url = try await TestHouse.database()
        try await process(url, key: old) { (installation: Installation) async throws in
            for slug in ["acme", "beta", "gone"] {
                _ = try await installation.provisioning.provision(order(slug, slug), by: Instruction(actor: "test"))
            }
        }
        try await process(url, key: new, former: old) { (installation: Installation) async throws in
            // As the first half of a rotation would have left it.
            let acme = try #require(installation.directory.known(slug: "acme"))
            let key = try await installation.key(of: acme)
            let half: JSON = [
                "mail": ["smtp": ["host": "mail.example.com", "password": SealedSecret.document(key.seal("acme", for: Self.place))]]
            ]
            _ = try await installation.directory.scope(for: acme).run(["UPDATE settings SET document = \(half.text)::jsonb"])
            let gone = try #require(installation.directory.known(slug: "gone"))
            let broken: JSON = ["mail": ["smtp": ["password": SealedSecret.document("not sealed by us")]]]
            _ = try await installation.directory.scope(for: gone).run(["UPDATE settings SET document = \(broken.text)::jsonb"])

            let report = try await SecretRotation(of: installation).run()

            #expect(report.renewed == 4 && report.tenants == 3)
            #expect(report.lost == ["gone mail.smtp.password"])
            #expect(!report.isComplete)
        }
        try await process(url, key: new) { (installation: Installation) async throws in
            #expect(try await passwords(of: "acme", installation) == ["acme", "acme"])
            #expect(try await passwords(of: "beta", installation) == ["beta", "beta"])
        }
    }

    @Test("A key that was kept in the database since the first start is a former one too, and goes when all is done") func storedKey()
        async throws
    {
        let url = try await TestHouse.database()
        try await process(url, key: nil) { (installation: Installation) async throws in
            _ = try await installation.provisioning.provision(order("acme", "one"), by: Instruction(actor: "test"))
            #expect(try await !installation.endKeyChange(by: Instruction(actor: "test")))
        }

        try await process(url, key: new) { (installation: Installation) async throws in
            #expect(try await passwords(of: "acme", installation) == ["one", "one"])
            #expect(try await SecretRotation(of: installation).run().renewed == 2)
            #expect(try await installation.endKeyChange(by: Instruction(actor: "test")))
            #expect(try await installation.audit.entries(limit: 1).map(\.action) == ["rotate_secrets"])
        }

        #expect(try await process(url, key: new) { try await passwords(of: "acme", $0) } == ["one", "one"])
        await #expect(throws: TenancyError.self) { try await process(url, key: nil) { _ in } }
    }
}
