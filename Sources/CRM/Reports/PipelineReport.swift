import Foundation
import Postgres
import Records
import Tenancy

/// How deals go through one pipeline: where they are, how many get on from each stage, how long they stay, how many are won.
///
/// Of deals made in the period, but for the rate of those won, which is of deals closed in it. The trash is out, and so is what the caller
/// may not read.
package struct PipelineReport: Sendable {
    /// Whose figures are told apart.
    package enum Grouping: String, Sendable, CaseIterable { case owner, team }

    let pipeline: UUID
    let period: ReportPeriod
    let grouping: Grouping?

    package init(of pipeline: UUID, in period: ReportPeriod, by grouping: Grouping?) {
        self.pipeline = pipeline
        self.period = period
        self.grouping = grouping
    }

    /// `{"stages":[..],"win_rate"}`, with `rows` of the same for each owner or team.
    package func document(in scope: TenantScope, for caller: Caller) async throws -> JSON {
        try admit(caller)
        let stages: SQL = """
            SELECT stages.id, stages.kind FROM pipelines AS r JOIN stages ON stages.pipeline_id = r.id
            WHERE r.id = \(pipeline) AND r.deleted_at IS NULL AND \(caller.readable(Pipelines.type)) ORDER BY stages.position
            """
        let whole = statements("NULL::uuid", SQL(), caller)
        let parts = grouping.map { grouping in
            switch grouping {
            case .owner: statements("r.owner_id", SQL(), caller)
            case .team: statements("team.id", Self.teams(for: caller), caller)
            }
        }
        let answers = try await scope.run([stages] + whole + (parts ?? []), isRepeatable: true)
        guard !answers[0].isEmpty else { throw Problem.notFound }

        let order = try answers[0].map { (id: try $0.text(0), kind: try $0.text(1)) }
        let sight = PipelineFigures.Sight(caller)
        let total = try PipelineFigures.read(answers[1...3])[nil] ?? PipelineFigures()
        var members = total.members(order, sight)
        if let grouping {
            let groups = try PipelineFigures.read(answers[4...6]).sorted { ($0.key ?? "~") < ($1.key ?? "~") }
            let rows = groups.map { key, figures in
                JSON.object([.init("\(grouping.rawValue)_id", JSON(key))] + figures.members(order, sight))
            }
            members.append(.init("rows", .array(rows)))
        }
        return .object(members)
    }

    private func admit(_ caller: Caller) throws(Problem) {
        guard caller.rights["deals"].read != .none else { throw Problem(.forbidden, "Your role may not read deals.") }
        let needed = ["pipeline_id", "stage_id", "status"] + (grouping == .owner ? ["owner_id"] : [])
        if let hidden = needed.first(where: { caller.rights.isHidden($0, of: "deals") }) {
            throw Problem(.forbidden, "Your role may not see \(hidden) of deals, without which there is no such report.")
        }
    }

    /// A deal counts for every team of its owner.
    private static func teams(for caller: Caller) -> SQL {
        " LEFT JOIN teams AS team ON r.owner_id = ANY (team.member_ids) AND team.deleted_at IS NULL AND \(caller.readable(Teams.type, "team"))"
    }

    /// Where deals are, how they went, how they ended: three statements, each with its group first.
    private func statements(_ group: SQL, _ join: SQL, _ caller: Caller) -> [SQL] {
        let deals: SQL = "r.pipeline_id = \(pipeline) AND r.deleted_at IS NULL AND \(caller.readable(Deals.type))"
        let made = deals + period.covers("r.created_at")
        let closed = deals + period.covers("r.closed_at")
        return [
            """
            SELECT \(group), r.stage_id, count(*), r.amount_currency,
                cell.half_even(sum(r.amount), cell.minor_digits(r.amount_currency))::text,
                cell.half_even(sum(r.weighted_amount), cell.minor_digits(r.amount_currency))::text
            FROM deals AS r\(join) WHERE \(made) GROUP BY 1, 2, 4 ORDER BY 4
            """,
            """
            WITH furthest AS MATERIALIZED (
                SELECT stay.deal_id, max(stages.position) AS position
                FROM deal_stages AS stay JOIN stages ON stages.id = stay.stage_id
                WHERE stages.pipeline_id = \(pipeline) AND stages.kind <> 'lost' GROUP BY stay.deal_id)
            SELECT \(group), stay.stage_id,
                trim_scale(round(
                    count(DISTINCT r.id) FILTER (WHERE r.status = 'won' OR furthest.position > stages.position)::numeric
                    / count(DISTINCT r.id), 4))::text,
                trim_scale(round(avg(extract(epoch FROM stay.left_at - stay.entered_at)), 3))::text
            FROM deal_stages AS stay JOIN stages ON stages.id = stay.stage_id AND stages.pipeline_id = \(pipeline)
                JOIN deals AS r ON r.id = stay.deal_id LEFT JOIN furthest ON furthest.deal_id = r.id\(join)
            WHERE \(made) GROUP BY 1, 2
            """,
            """
            SELECT \(group), trim_scale(round(count(*) FILTER (WHERE r.status = 'won')::numeric / count(*), 4))::text
            FROM deals AS r\(join) WHERE r.status <> 'open' AND \(closed) GROUP BY 1
            """,
        ]
    }
}
