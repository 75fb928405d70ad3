import CRM
import HTTPTypes
import Records

/// What is going to be sold: `/v1/forecast`.
struct ForecastRoutes: Sendable {
    var endpoints: [Endpoint] { [.person(.get, "/v1/forecast", Self.show, show)] }

    private func show(_ call: Call, _ person: Person) async throws -> Reply {
        let question = Forecast.Question(
            months: try call.months(of: person.policy), by: try grouping(call), in: try currency(call) ?? person.policy.currency,
            today: person.policy.today())
        return .json(try await Forecast(in: person.scope, for: person.caller, of: person.catalog).answer(question))
    }

    private func grouping(_ call: Call) throws(Problem) -> Forecast.Grouping? {
        guard let text = call.query["by"] else { return nil }
        guard let grouping = Forecast.Grouping(rawValue: text) else {
            throw Problem(.malformed, "The query parameter \"by\" is one of owner, pipeline, team.")
        }
        return grouping
    }

    private func currency(_ call: Call) throws(Problem) -> String? {
        guard let text = call.query["currency"] else { return nil }
        guard CurrencyCode.isKnown(text) else {
            throw Problem(.malformed, "The query parameter \"currency\" is a currency's code as ISO 4217 writes it, such as EUR.")
        }
        return text
    }
}

extension Call {
    /// The months that `from` and `to` name; without them the fiscal year.
    func months(of policy: TenantPolicy) throws(Problem) -> MonthSpan {
        guard let today = Month(ofDay: policy.today()) else { throw Problem(.internalError, "Today has no date.") }
        return try MonthSpan(from: query["from"], to: query["to"], fiscalYearStart: policy.fiscalYearStart, today: today)
    }
}

extension Parameter {
    private static let month: JSON = ["type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$", "examples": ["2026-10"]]

    static let fromMonth = Parameter(
        "from", in: .query, month, "The first month; without it the fiscal year begins the span. At most 60 months.")
    static let toMonth = Parameter("to", in: .query, month, "The last month, included; without it the fiscal year ends the span.")
}

extension ForecastRoutes {
    private static let show = Operation(
        "forecast.get", "Sums of deals by the month they close, per currency and converted", tag: "Forecast",
        parameters: [
            .fromMonth, .toMonth,
            Parameter(
                "by", in: .query, ["type": "string", "enum": JSON(Forecast.Grouping.allCases.map(\.rawValue))],
                "A row for each owner, pipeline or team within a month. A deal counts in every team of its owner; without one `team_id` is null."
            ),
            Parameter(
                "currency", in: .query, ["type": "string", "pattern": "^[A-Z]{3}$"],
                "What is converted to, by the settings' rates; without it the settings' currency."),
        ],
        responses: [
            200: ResponseDescription("The sums; trash and omitted deals are out.", schema: ["$ref": "#/components/schemas/Forecast"])
        ], cost: .computing)

    private static let decimal: JSON = ["type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$"]
    private static let figures: JSON = .objectSchema(
        Dictionary(uniqueKeysWithValues: Forecast.figures.map { ($0, decimal) }), required: Forecast.figures)
    private static let group: JSON = ["type": ["string", "null"], "format": "uuid"]

    static let schemas: [String: JSON] = [
        "Forecast": .objectSchema(
            [
                "from": ["type": "string"], "to": ["type": "string"],
                "by": ["type": ["string", "null"], "enum": ["owner", "pipeline", "team", nil]], "currency": ["type": "string"],
                "rows": ["type": "array", "items": ["$ref": "#/components/schemas/ForecastRow"]],
                "rates": [
                    "type": "array", "description": "The rates that were used.",
                    "items": .objectSchema(
                        [
                            "from": ["type": "string"], "to": ["type": "string"], "rate": decimal,
                            "date": ["type": "string", "format": "date"],
                        ],
                        required: ["from", "to", "rate", "date"]),
                ],
                "missing_rates": [
                    "type": "array", "items": ["type": "string"], "description": "Currencies of deals for which no rate fits.",
                ],
            ], required: ["from", "to", "by", "currency", "rows", "rates", "missing_rates"]),
        "ForecastRow": .objectSchema(
            [
                "month": ["type": ["string", "null"], "description": "`2026-10`; null for deals without a close date."],
                "owner_id": group, "pipeline_id": group, "team_id": group,
                "currencies": [
                    "type": "object", "additionalProperties": figures,
                    "description":
                        "By ISO 4217 code: open (all open deals but omitted ones), weighted (by probability), best, commit, won, lost.",
                ],
                "converted": [
                    "oneOf": [figures, ["type": "null"]], "description": "The same in one currency; null when a rate is missing.",
                ],
            ], required: ["month", "currencies", "converted"]),
    ]
}
