import HTTPTypes
import Records
import Tenancy

/// How much tenants take: `/operator/v1/stats`, and of one with what took long for it.
struct StatsRoutes: Sendable {
    private let stats: TenantStats

    init(_ house: House) { stats = house.installation.stats }

    var endpoints: [Endpoint] {
        [
            .operator(.get, "/operator/v1/stats", role: .viewer, Self.list, list),
            .operator(.get, "/operator/v1/tenants/{slug}/stats", role: .viewer, Self.show, show),
        ]
    }

    private func list(_ call: Call, _ caller: Operator) async throws -> Reply {
        try WholeList(name: "stats", rows: try await stats.all(), key: \.slug).page(call, StatsDocument.of)
    }

    private func show(_ call: Call, _ caller: Operator) async throws -> Reply {
        let slug = call.parameters["slug"]
        guard Slug.isValid(slug), let row = try await stats.all(only: slug).first else { throw Problem.notFound }
        return .json(StatsDocument.of(row, try await stats.slowest(of: slug)))
    }

    private static let one: JSON = ["$ref": "#/components/schemas/TenantStats"]

    private static let list = Operation(
        "stats.list", "What each tenant takes of its cell, by short name", tag: "Tenants", parameters: [.limit, .after],
        responses: [200: ResponseDescription("A page of tenants.", schema: .listSchema(of: one))], problems: [.cursor])
    private static let show = Operation(
        "tenants.stats", "What one tenant takes, and the statements that took longest in a week", tag: "Tenants",
        parameters: [Parameter("slug", in: .path, ["type": "string"], "The tenant's short name.")],
        responses: [200: ResponseDescription("The figures.", schema: ["$ref": "#/components/schemas/TenantFigures"])])

    static let schemas: [String: JSON] = [
        "TenantStats": .objectSchema(StatsDocument.members, required: StatsDocument.members.keys.sorted()),
        "TenantFigures": .objectSchema(
            StatsDocument.members.merging(["slow": StatsDocument.slow]) { own, _ in own },
            required: StatsDocument.members.keys.sorted() + ["slow"]),
    ]
}

/// A tenant's figures as JSON, for the operators' API and at a terminal.
package enum StatsDocument {
    package static func of(_ row: TenantStats.Row) -> JSON { .object(members(row)) }

    package static func of(_ row: TenantStats.Row, _ slow: [TenantStats.Slow]) -> JSON {
        .object(
            members(row) + [
                .init(
                    "slow",
                    .array(
                        slow.map {
                            [
                                "at": .string($0.at.apiText), "milliseconds": JSON($0.milliseconds), "statement": .string($0.statement),
                            ]
                        }))
            ])
    }

    private static func members(_ row: TenantStats.Row) -> [JSON.Member] {
        [
            .init("tenant", .string(row.slug)), .init("cell", .string(row.cell)), .init("relations", JSON(row.relations)),
            .init("rows", JSON(row.rows)), .init("bytes", JSON(row.bytes)), .init("slow_statements", JSON(row.slow)),
            .init("last_active_at", JSON(row.lastActive?.apiText)),
        ]
    }

    private static func count(_ what: String) -> JSON { ["type": "integer", "minimum": 0, "description": .string(what)] }

    static let members: [String: JSON] = [
        "tenant": ["type": "string"], "cell": ["type": "string"], "relations": count("Tables, indexes and the like."),
        "rows": count("Live rows as PostgreSQL counts them; they may lag by moments."),
        "bytes": count("Of tables with their indexes; in the list of all as PostgreSQL last counted them."),
        "slow_statements": count("That took a second or more within a day."),
        "last_active_at": [
            "type": ["string", "null"], "format": "date-time",
            "description": "When its people or programs last asked for anything, to a few seconds; null when not within forty days.",
        ],
    ]
    static let slow: JSON = [
        "type": "array",
        "items": .objectSchema(
            ["at": .timeSchema, "milliseconds": ["type": "integer"], "statement": ["type": "string"]],
            required: ["at", "milliseconds", "statement"]),
    ]
}
