import CRM
import Foundation
import Logging
import Outgoing
import Payments
import Records
import Secrets
import Support
import Tenancy
import Testing

@testable import Server

/// A server that speaks Stripe's documented shapes (`stripe_server.py`), a site that collects its payments there, and the events that it would
/// send.
struct TestStripe: Sendable {
    let base: String
    let site: TestSite
    let desk: PaymentDesk

    static let key = "sk_test_4eC39HqLyjWDarjtT1zdp7dc"
    static let secret = "whsec_2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"
    static let prices = ["team": "price_team", "business": "price_business"]

    /// Runs one for the time of `body`.
    static func run(_ installation: Installation, _ body: (TestStripe) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "stripe-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // A leftover folder harms nobody.
        let process = Process()
        process.executableURL = PythonTool.program("python")
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "stripe_server.py")
        process.arguments = ["-W", "ignore", script.path(), folder.path(), key]
        try process.run()
        defer { process.terminate() }
        let file = folder.appending(path: "server")
        try await eventually(within: .seconds(60)) { FileManager.default.fileExists(atPath: file.path()) }
        let base = try String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .newlines)
        let desk = PaymentDesk(
            installation, Stripe(key: key, webhookSecrets: ["whsec_old", secret], base: base), prices: prices,
            origin: WebOrigin(publicURL: "https://crm.example.com"), log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        var settings = ServerSettings()
        settings.scryptCost = .trivial
        settings.payments = desk
        try await body(TestStripe(base: base, site: try await TestSite(installation, settings), desk: desk))
    }

    /// What the test has done at the server, as the server tells it.
    @discardableResult
    func tell(_ path: String, _ body: JSON = .object([])) async throws -> JSON {
        let answer = try await Self.outgoing.send(.init(.post, "\(base)/test/\(path)", body: body.bytes))
        return try JSON(parsing: answer.body)
    }

    private static let outgoing = OutgoingClient()

    func put(subscription id: String, of customer: String, _ status: String, plan: String = "team", seats: Int = 3) async throws {
        try await tell(
            "subscriptions/\(id)",
            [
                "customer": .string(customer), "status": .string(status), "price": JSON(Self.prices[plan]), "quantity": JSON(seats),
            ])
    }

    /// An event as Stripe writes it.
    static func event(_ id: String, _ type: String, _ kind: String, _ object: String) -> [UInt8] {
        let event: JSON = [
            "id": .string(id), "object": "event", "api_version": "2025-03-31.basil", "created": 1_790_000_000, "livemode": false,
            "pending_webhooks": 1, "request": ["id": nil, "idempotency_key": nil], "type": .string(type),
            "data": ["object": ["id": .string(object), "object": .string(kind)]],
        ]
        return event.bytes
    }

    static func signature(_ body: [UInt8], secret: String = Self.secret, at time: Date = .now) -> String {
        let seconds = Int(time.timeIntervalSince1970)
        let digest = Digest.hmac(key: Array(secret.utf8), Array("\(seconds).".utf8) + body).hex
        return "t=\(seconds),v1=\(digest),v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39"
    }

    func deliver(_ body: [UInt8], signature: String? = nil) async throws -> Client.Answer {
        try await site.stranger.with(.stripeSignature, signature ?? Self.signature(body)).send(.post, "/v1/billing/webhook", bytes: body)
    }
}
