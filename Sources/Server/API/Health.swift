import HTTPTypes
import Jobs
import NIOCore
import Records
import Tenancy

/// What a load balancer and a monitor ask: `/healthz`, `/readyz`, `/metrics`.
struct Health: Sendable {
    let installation: Installation
    let figures: RouteFigures

    static let tag = "Health"

    var endpoints: [Endpoint] {
        [.anyone(.get, "/healthz", Self.alive) { _ in Self.fine }, .anyone(.get, "/readyz", Self.ready, ready)]
    }

    /// `/metrics` for anyone who can reach the listener it is on.
    var openMetrics: Endpoint { .anyone(.get, "/metrics", Self.metrics) { _ in await page() } }
    /// `/metrics` for operators.
    var guardedMetrics: Endpoint { .operator(.get, "/metrics", role: .viewer, Self.metrics) { _, _ in await page() } }

    /// Made once: what it costs to answer this is what the server itself costs.
    private static let fine = Reply.json(["status": "ok"])

    private func ready(_ call: Call) async throws -> Reply {
        let installation = installation
        let hindrance = await withTaskGroup(of: String?.self) { group in
            group.addTask { await installation.hindrance() }
            // A monitor wants an answer even when the database hangs without one. Cancelled, the sleep ends early and nobody looks.
            group.addTask {
                try? await Task.sleep(for: Self.patience)
                return "The database does not answer."
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        if let hindrance { throw Problem(.overloaded, hindrance, retryAfter: 1) }
        return Self.fine
    }

    /// How long `/readyz` waits for the database.
    private static let patience = Duration.milliseconds(1_500)

    private func page() async -> Reply {
        var page = MetricsPage()
        figures.write(into: &page)
        PoolMetrics.write(installation.figures, into: &page)
        await JobMetrics.write(JobDesk(installation), into: &page)
        await MailMetrics.write(installation, into: &page)
        var tenants: [TenantState: Int] = [:]
        for tenant in installation.directory.tenants { tenants[tenant.state, default: 0] += 1 }
        page.family("tenantry_tenants", .gauge, "Tenants that exist, by state.")
        for state in TenantState.allCases where state != .deleted {
            page.sample("tenantry_tenants", ["state": state.rawValue], Double(tenants[state] ?? 0))
        }
        return .text(page.text, contentType: MetricsPage.contentType)
    }

    private static let alive = Operation(
        "health.alive", "Whether the process is alive", tag: tag,
        responses: [200: ResponseDescription("It is.", schema: ["$ref": "#/components/schemas/Health"])])
    private static let ready = Operation(
        "health.ready", "Whether requests can be served: the database answers and its schemas are current", tag: tag,
        responses: [200: ResponseDescription("They can.", schema: ["$ref": "#/components/schemas/Health"])])
    private static let metrics = Operation(
        "health.metrics", "Figures for Prometheus", tag: tag,
        responses: [200: ResponseDescription("The figures.", schema: ["type": "string"], contentType: MetricsPage.contentType)])

    static let schemas: [String: JSON] = ["Health": .objectSchema(["status": ["const": "ok"]], required: ["status"])]
}
