import Postgres
import Records
import Tenancy

/// What is going to be sold and what was, month by month: sums over the deals that the caller may read.
///
/// PostgreSQL adds up in exact decimals; each figure is rounded once, when it is printed.
package struct Forecast: Sendable {
    private let scope: TenantScope
    private let caller: Caller
    private let catalog: Catalog

    package init(in scope: TenantScope, for caller: Caller, of catalog: Catalog) {
        self.scope = scope
        self.caller = caller
        self.catalog = catalog
    }

    /// What rows are made for within a month.
    package enum Grouping: String, Sendable, Hashable, CaseIterable {
        case owner, pipeline
        /// The teams of a deal's owner; a deal whose owner is in two teams counts in each.
        case team

        /// Where a row names whose it is.
        package var member: String { rawValue + "_id" }
        /// The deal's field that a row gives away.
        fileprivate var field: String { self == .pipeline ? "pipeline_id" : "owner_id" }
    }

    package struct Question: Sendable {
        package var months: MonthSpan
        package var grouping: Grouping?
        /// What everything is converted to.
        package var currency: String
        /// The day in the tenant's zone, `YYYY-MM-DD`, after which a day is yet to come.
        package var today: String

        package init(months: MonthSpan, by grouping: Grouping?, in currency: String, today: String) {
            self.months = months
            self.grouping = grouping
            self.currency = currency
            self.today = today
        }
    }

    /// The names of the figures in each row, in their order.
    package static let figures = ["open", "weighted", "best", "commit", "won", "lost"]

    /// Refuses with `.forbidden` who may not read deals, or not what the figures are made of.
    package func answer(_ question: Question) async throws -> JSON {
        try Self.checkRights(
            caller, ["amount", "close_date", "probability", "stage_id", "status"] + (question.grouping.map { [$0.field] } ?? []))
        let rows = try await scope.rows(statement(question))
        return try ForecastDocument(rows, question).json
    }

    /// Refuses with `.forbidden` whose role does not show deals, or hides one of these fields.
    static func checkRights(_ caller: Caller, _ fields: [String]) throws(Problem) {
        guard caller.rights[Deals.type.name].read != .none else { throw Problem(.forbidden, "Your role may not read deals.") }
        guard let hidden = fields.first(where: { caller.rights.isHidden($0, of: Deals.type.name) }) else { return }
        throw Problem(.forbidden, "These figures are made of the deals' \(hidden), which your role does not show.")
    }

    private func statement(_ question: Question) -> SQL {
        """
        WITH \(ExchangeRates.table), sums AS (\(sums(question))),
        prices AS (
            SELECT days.day, days.currency, \(ExchangeRates.rate(from: "days.currency", to: "\(question.currency)")) AS rate, found.entry
            FROM (SELECT DISTINCT day, currency FROM sums WHERE counts) AS days
                \(ExchangeRates.join(from: "days.currency", to: "\(question.currency)", on: "days.day", today: question.today))
        ), priced AS (
            SELECT sums.*, CASE WHEN isfinite(day) THEN to_char(day, 'YYYY-MM') END AS month, prices.rate, prices.entry,
                counts AND prices.rate IS NULL AS has_no_price
            FROM sums LEFT JOIN prices USING (day, currency)
        )
        SELECT grouping(month, who, currency), month, who, currency,
            \(Self.figures.map { Self.figure($0, question.currency) }.joined(separator: ", ")),
            coalesce(bool_or(has_no_price), false), jsonb_agg(DISTINCT entry) FILTER (WHERE entry IS NOT NULL),
            array_agg(DISTINCT currency) FILTER (WHERE has_no_price)
        FROM priced
        GROUP BY GROUPING SETS ((month, who, currency), (month, who), ())
        ORDER BY month NULLS LAST, who NULLS LAST, currency COLLATE "C" NULLS LAST
        """
    }

    /// Per day, group and currency: few rows, however many deals there are. A deal without a day closes at infinity.
    private func sums(_ question: Question) -> SQL {
        let months = question.months
        let (who, joins): (SQL, SQL) =
            switch question.grouping {
            case nil: ("NULL::uuid", "")
            case .owner: ("d.owner_id", "")
            case .pipeline: ("d.pipeline_id", "")
            case .team:
                (
                    "team.id",
                    "LEFT JOIN users AS owner ON owner.id = d.owner_id LEFT JOIN LATERAL unnest(owner.team_ids) AS team (id) ON true"
                )
            }
        let isOpen = "s.kind = 'open' AND s.forecast_category <> 'omitted'"
        return """
            SELECT coalesce(d.close_date, 'infinity') AS day, \(who) AS who, d.amount_currency AS currency,
                sum(d.amount) FILTER (WHERE \(SQL(code: isOpen))) AS "open",
                sum(d.amount * d.probability * 0.01) FILTER (WHERE \(SQL(code: isOpen))) AS "weighted",
                sum(d.amount) FILTER (WHERE s.kind = 'open' AND s.forecast_category = 'best') AS "best",
                sum(d.amount) FILTER (WHERE s.kind = 'open' AND s.forecast_category = 'commit') AS "commit",
                sum(d.amount) FILTER (WHERE s.kind = 'won') AS "won",
                sum(d.amount) FILTER (WHERE s.kind = 'lost') AS "lost",
                bool_or(d.amount IS NOT NULL AND (s.kind <> 'open' OR s.forecast_category <> 'omitted')) AS counts
            FROM deals AS d JOIN stages AS s ON s.id = d.stage_id \(joins)
            WHERE d.deleted_at IS NULL AND \(caller.readable(catalog[Deals.type.name] ?? Deals.type, "d"))
                AND (d.close_date IS NULL
                    OR d.close_date >= \(months.from.firstDay)::date AND d.close_date < \(months.to.firstDay)::date + interval '1 month')
            GROUP BY 1, 2, 3
            """
    }

    /// A figure of one currency; in rows over all currencies the figure converted.
    private static func figure(_ name: String, _ currency: String) -> SQL {
        let column = SQL.init(code: SQL.quoted(identifier: name))
        return """
            CASE grouping(currency) WHEN 0 THEN cell.half_even(coalesce(sum(\(column)), 0), cell.minor_digits(currency))
                ELSE cell.half_even(coalesce(sum(\(column) * rate), 0), cell.minor_digits(\(currency))) END
            """
    }
}
