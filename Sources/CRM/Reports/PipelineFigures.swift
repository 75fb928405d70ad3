import Postgres
import Records

/// What a pipeline report says of all deals, or of one owner's or team's.
struct PipelineFigures {
    private var stages: [String: Stage] = [:]
    private var winRate: String?

    private struct Stage {
        var count = 0
        var amounts: [JSON.Member] = []
        var weighted: [JSON.Member] = []
        var conversion: String?
        var seconds: String?
    }

    /// Which sums the caller may see.
    struct Sight {
        let amount: Bool
        let weighted: Bool

        init(_ caller: Caller) {
            func sees(_ field: String) -> Bool { !caller.rights.isHidden(field, of: "deals") }
            amount = sees("amount")
            weighted = amount && sees("weighted_amount") && sees("probability")
        }
    }

    /// Reads where deals are, how they went and how they ended; the group stands first in every row.
    static func read(_ answers: ArraySlice<Rows>) throws -> [String?: PipelineFigures] {
        var groups: [String?: PipelineFigures] = [:]
        let answers = Array(answers)
        for row in answers[0] {
            var stage = groups[row.optionalText(0), default: .init()].stages[try row.text(1), default: .init()]
            stage.count += try row.int(2)
            if let currency = row.optionalText(3) {
                stage.amounts.append(.init(currency, .string(try row.text(4))))
                stage.weighted.append(.init(currency, .string(try row.text(5))))
            }
            groups[row.optionalText(0), default: .init()].stages[try row.text(1)] = stage
        }
        for row in answers[1] {
            groups[row.optionalText(0), default: .init()].stages[try row.text(1), default: .init()].conversion = row.optionalText(2)
            groups[row.optionalText(0), default: .init()].stages[try row.text(1), default: .init()].seconds = row.optionalText(3)
        }
        for row in answers[2] { groups[row.optionalText(0), default: .init()].winRate = row.optionalText(1) }
        return groups
    }

    /// `stages` in the pipeline's order, and `win_rate`. From a stage that ends the way nobody gets on, so it has no conversion.
    func members(_ order: [(id: String, kind: String)], _ sight: Sight) -> [JSON.Member] {
        let list = order.map { id, kind -> JSON in
            let stage = stages[id] ?? Stage()
            return [
                "stage_id": .string(id), "count": JSON(stage.count), "amount": .object(sight.amount ? stage.amounts : []),
                "weighted": .object(sight.weighted ? stage.weighted : []),
                "conversion": kind == "open" ? Self.number(stage.conversion) : .null, "average_seconds": Self.number(stage.seconds),
            ]
        }
        return [.init("stages", .array(list)), .init("win_rate", Self.number(winRate))]
    }

    private static func number(_ text: String?) -> JSON { text.map { .number($0) } ?? .null }
}
