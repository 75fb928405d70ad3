import HTTPTypes
import Logging
import Records
import Tenancy

/// Whether anything leads from one tenant to another, tried out: `/operator/v1/isolation-check`.
struct IsolationRoutes: Sendable {
    private let house: House

    init(_ house: House) { self.house = house }

    var endpoints: [Endpoint] { [.operator(.get, "/operator/v1/isolation-check", role: .viewer, Self.check, check)] }

    private func check(_ call: Call, _ caller: Operator) async throws -> Reply {
        .json(try await IsolationReport.of(house))
    }

    private static let check = Operation(
        "isolation.check",
        """
        Try to reach one tenant's data with another's credential on every route, and every tenant's schema by its neighbour's role. Two test \
        tenants that belong to the installation are used for the routes, and made with the first check
        """, tag: "Installation",
        responses: [200: ResponseDescription("What was tried.", schema: ["$ref": "#/components/schemas/IsolationReport"])])

    static let schemas: [String: JSON] = [
        "IsolationReport": .objectSchema(
            [
                "probed": ["type": "integer", "minimum": 0, "description": "Attempts."],
                "routes": ["type": "integer", "minimum": 0, "description": "Different routes among them."],
                "failures": [
                    "type": "array", "description": "Attempts that were answered otherwise than as if there were nothing.",
                    "items": [
                        "type": "object", "required": ["detail"],
                        "properties": [
                            "method": ["type": "string"], "path": ["type": "string"], "status": ["type": "integer"],
                            "detail": ["type": "string"],
                        ],
                    ],
                ],
            ], required: ["probed", "routes", "failures"])
    ]
}

/// What the attempts to reach others' data came to, as JSON.
package enum IsolationReport {
    /// For a process that serves nobody. `progress` is told in words how far it is.
    package static func of(
        _ installation: Installation, _ settings: ServerSettings, logger: Logger, progress: @escaping @Sendable (String) -> Void
    ) async throws -> JSON {
        try await of(House(installation, settings: settings, logger: logger), progress: progress)
    }

    /// The very site that is served, asked without a socket; its figures are its own, since nobody's work is counted.
    static func of(_ house: House, progress: @escaping @Sendable (String) -> Void = { _ in }) async throws -> JSON {
        let figures = RouteFigures()
        let endpoints = Site(house).main(figures)
        let probe = try await IsolationProbe(endpoints, Front(endpoints, house, figures: figures), house.installation)
        let routes = try await probe.run { progress("\($0) of \($1) routes") }
        let schemas = try await house.installation.isolation.run { progress("\($0) of \($1) tenants") }
        let failures: [JSON] = routes.failures.map(\.document) + schemas.failures.map { ["detail": .string($0)] }
        return ["probed": JSON(routes.probed + schemas.probed), "routes": JSON(routes.routes), "failures": .array(failures)]
    }
}
