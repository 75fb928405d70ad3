import Postgres
import Records

/// The answer of a forecast, put together from its statement's rows: for each month and group first one row per currency, then one over all
/// of them; and one row over everything, which tells the rates.
struct ForecastDocument {
    private let question: Forecast.Question
    private var rows: [JSON] = []
    private var currencies: [JSON.Member] = []
    private var rates: [JSON] = []
    private var missingRates: [String] = []

    private enum Level { static let currency = 0, group = 1, everything = 7 }

    /// The columns in front of the figures.
    private static let lead = 4

    init(_ answer: Rows, _ question: Forecast.Question) throws {
        self.question = question
        for row in answer {
            switch try row.int(0) {
            case Level.currency: takeCurrency(row)
            case Level.group: try takeGroup(row)
            default: try takeRates(row)
            }
        }
    }

    var json: JSON {
        [
            "from": .string(question.months.from.text), "to": .string(question.months.to.text), "by": JSON(question.grouping?.rawValue),
            "currency": .string(question.currency), "rows": .array(rows), "rates": .array(rates), "missing_rates": JSON(missingRates),
        ]
    }

    /// Deals without an amount have no currency and count nothing.
    private mutating func takeCurrency(_ row: Row) {
        guard let currency = row.optionalText(3) else { return }
        currencies.append(.init(currency, Self.figures(row)))
    }

    private mutating func takeGroup(_ row: Row) throws {
        var members: [JSON.Member] = [.init("month", JSON(row.optionalText(1)))]
        if let grouping = question.grouping { members.append(.init(grouping.member, JSON(row.optionalText(2)))) }
        let isMissing = try row.bool(Self.lead + Forecast.figures.count)
        members += [.init("currencies", .object(currencies)), .init("converted", isMissing ? .null : Self.figures(row))]
        rows.append(.object(members))
        currencies = []
    }

    private mutating func takeRates(_ row: Row) throws {
        let last = Self.lead + Forecast.figures.count
        let entries = try row.optionalText(last + 1).map { try JSON(parsing: $0).elements ?? [] } ?? []
        let names = ["from", "to", "rate", "date"]
        rates = entries.map { entry in .object(names.map { .init($0, entry[$0] ?? .null) }) }
            .sorted { ($0["from"]?.string ?? "", $0["date"]?.string ?? "") < ($1["from"]?.string ?? "", $1["date"]?.string ?? "") }
        missingRates = (try row.optionalTexts(last + 2) ?? []).sorted()
    }

    private static func figures(_ row: Row) -> JSON {
        .object(Forecast.figures.enumerated().map { .init($1, JSON(row.optionalText(lead + $0))) })
    }
}
