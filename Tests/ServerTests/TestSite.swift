import CRM
import Foundation
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import Postgres
import Records
import Secrets
import Support
import Tenancy

@testable import Server

/// The whole server without sockets, on an installation of its own: requests go straight to the front.
struct TestSite: Sendable {
    let installation: Installation
    let house: House
    let front: Front
    /// What a second listener would serve.
    let aside: Front
    /// An operator of each role.
    let tokens: [Operator.Role: String]

    static let password = "correct horse battery staple"

    private static let opened = Task<TestSite, any Error> { try await open() }

    /// The one that all tests of this process share; each has its own tenants there.
    static var shared: TestSite {
        get async throws { try await opened.value }
    }

    static func open(_ change: @Sendable (inout ServerSettings) -> Void = { _ in }) async throws -> TestSite {
        var settings = ServerSettings()
        settings.scryptCost = .trivial
        settings.baseDomain = "crm.example.com"
        change(&settings)
        let installation = try await TestHouse.installation
        return try await TestSite(installation, settings)
    }

    /// Without a `log` of its own only errors are seen.
    init(
        _ installation: Installation, _ settings: ServerSettings, adding types: [RecordType] = [], log: Logger? = nil
    ) async throws {
        self.installation = installation
        var errors = Logger(label: "test") { StreamLogHandler.standardError(label: $0) }
        errors.logLevel = .error
        house = House(installation, settings: settings, adding: types, logger: log ?? errors)
        let figures = RouteFigures()
        let site = Site(house)
        front = Front(site.main(figures), house, figures: figures)
        aside = Front(site.aside(figures), house, figures: figures)
        var tokens: [Operator.Role: String] = [:]
        for role in Operator.Role.allCases {
            let name = "\(role.rawValue) \(Self.unique())"
            tokens[role] = try await installation.operators.create(name: name, role: role, by: Instruction(actor: "test")).token.text
        }
        self.tokens = tokens
        let news = CredentialNews(cells: installation.cells, principals: house.principals, events: house.events)
        // Ends with the process, as the site does.
        Task { try await news.run() }
        Task { [events = house.events] in await events.run() }
    }

    /// Letters that no other test uses.
    static func unique() -> String {
        RandomBytes.make(6).map { String(format: "%02x", $0) }.joined()
    }

    /// A client without a credential.
    var stranger: Client { Client(front) }

    func `operator`(_ role: Operator.Role = .admin) -> Client {
        Client(front).bearing(tokens[role] ?? "")
    }

    /// A tenant that no other test knows, made as an operator makes one; its administrator is signed in.
    func firm(_ change: (inout [JSON.Member]) -> Void = { _ in }) async throws -> Firm {
        let slug = "test-" + Self.unique()
        let email = "admin@\(slug).example"
        var members: [JSON.Member] = [
            .init("name", "Test Firm"), .init("plan", "unlimited"), .init("test", true),
            .init("admin", ["email": .string(email), "name": "Ada Admin", "password": .string(Self.password)]),
        ]
        change(&members)
        let made = try await `operator`().put("/operator/v1/tenants/\(slug)", .object(members))
        guard made.status == 201 else { throw Unexpected(made) }
        let firm = Firm(site: self, slug: slug, email: email)
        return firm
    }
}

/// One tenant of a test.
struct Firm: Sendable {
    let site: TestSite
    let slug: String
    let email: String

    var signInBody: JSON {
        ["tenant": .string(slug), "email": .string(email), "password": .string(TestSite.password)]
    }

    /// The administrator, signed in anew.
    func admin() async throws -> Client {
        try await signIn(email)
    }

    func signIn(_ email: String, _ password: String = TestSite.password) async throws -> Client {
        let answer = try await site.stranger.post(
            "/v1/session", ["tenant": .string(slug), "email": .string(email), "password": .string(password)])
        guard let token = try answer.json["token"]?.string else { throw Unexpected(answer) }
        return site.stranger.bearing(token)
    }

    /// Someone with a built-in role, signed in.
    func person(_ role: String) async throws -> Client {
        let email = try await user(role)
        return try await signIn(email)
    }

    /// Adds a user who can sign in; answers the e-mail.
    func user(_ role: String) async throws -> String {
        let email = "\(TestSite.unique())@\(slug).example"
        let hash = await PasswordHash.of(TestSite.password, cost: .trivial).text
        _ = try await scope().run([
            """
            INSERT INTO users (id, email, name, role_id, status, password_hash)
            SELECT \(UUID.v7()), \(email), \(role), id, 'active', \(hash) FROM roles WHERE key = \(role)
            """
        ])
        return email
    }

    func roleID(_ key: String) async throws -> String {
        try await scope().rows("SELECT id FROM roles WHERE key = \(key)")[0].text(0)
    }

    func userID(_ email: String) async throws -> String {
        try await scope().rows("SELECT id FROM users WHERE email = \(email)")[0].text(0)
    }

    /// The way past the API, to see or to do what it does not offer.
    func scope() async throws -> TenantScope {
        guard let tenant = try await site.installation.directory.tenant(slug: slug) else { throw Unexpected("no tenant \(slug)") }
        return try site.installation.directory.scope(for: tenant)
    }
}

/// A test found what it cannot go on with.
struct Unexpected: Error, CustomStringConvertible {
    let description: String
    init(_ text: String) { description = text }
    init(_ answer: Client.Answer) { description = "\(answer.status) \(answer.text)" }
}
