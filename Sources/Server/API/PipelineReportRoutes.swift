import CRM
import Foundation
import HTTPTypes
import Records

/// `/v1/reports/pipeline`: how deals go through one pipeline.
struct PipelineReportRoutes: Sendable {
    var endpoints: [Endpoint] {
        [.person(.get, "/v1/reports/pipeline", Self.description, show)]
    }

    private func show(_ call: Call, _ person: Person) async throws -> Reply {
        guard let pipeline = call.query["pipeline_id"].flatMap(UUID.init(text:)) else {
            throw Problem(.malformed, "The query parameter \"pipeline_id\" is needed: the id of a pipeline.")
        }
        let period = try ReportPeriod(from: call.query["from"], to: call.query["to"], timeZone: person.policy.timeZone)
        let report = PipelineReport(of: pipeline, in: period, by: try Self.grouping(call.query["by"]))
        return .json(try await report.document(in: person.scope, for: person.caller))
    }

    private static func grouping(_ text: String?) throws(Problem) -> PipelineReport.Grouping? {
        guard let text else { return nil }
        if let grouping = PipelineReport.Grouping(rawValue: text) { return grouping }
        throw Problem(.malformed, "The query parameter \"by\" is owner or team.")
    }
}

extension PipelineReportRoutes {
    private static let bound: JSON = ["type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?$"]
    private static let description = Operation(
        "reports.pipeline", "How deals go through a pipeline, stage by stage", tag: "Reports",
        parameters: [
            Parameter("pipeline_id", in: .query, .idSchema, required: true, "Which pipeline."),
            Parameter("from", in: .query, bound, "The first day or month, in the account's time zone: of deals made, for win_rate closed."),
            Parameter("to", in: .query, bound, "The last day or month; included."),
            Parameter(
                "by", in: .query, ["type": "string", "enum": JSON(PipelineReport.Grouping.allCases.map(\.rawValue))],
                "Whose figures are told apart, in rows."),
        ],
        responses: [200: ResponseDescription("The figures.", schema: ["$ref": "#/components/schemas/PipelineReport"])],
        problems: [.notFound], cost: .computing)

    private static let sums: JSON = [
        "type": "object", "additionalProperties": ["type": "string"], "description": "Decimal text by currency.",
    ]
    private static let rate: JSON = ["type": ["number", "null"], "minimum": 0, "maximum": 1]
    private static let stages: JSON = [
        "type": "array",
        "items": .objectSchema(
            [
                "stage_id": .idSchema, "count": ["type": "integer", "minimum": 0, "description": "Deals in the stage now."],
                "amount": sums, "weighted": sums,
                "conversion": described(rate, "Of deals that came into the stage, those that got further."),
                "average_seconds": [
                    "type": ["number", "null"], "minimum": 0, "description": "Of stays that have ended; null where there is none.",
                ],
            ], required: ["stage_id", "count", "amount", "weighted", "conversion", "average_seconds"]),
    ]

    private static func described(_ schema: JSON, _ text: String) -> JSON {
        .object((schema.members ?? []) + [.init("description", .string(text))])
    }

    static let schemas: [String: JSON] = [
        "PipelineReport": .objectSchema(
            [
                "stages": stages, "win_rate": described(rate, "Of deals closed, those won; null where none was closed."),
                "rows": [
                    "type": "array",
                    "items": .objectSchema(
                        [
                            "owner_id": ["type": ["string", "null"], "format": "uuid"],
                            "team_id": ["type": ["string", "null"], "format": "uuid"], "stages": stages, "win_rate": rate,
                        ], required: ["stages", "win_rate"]),
                ],
            ], required: ["stages", "win_rate"])
    ]
}
