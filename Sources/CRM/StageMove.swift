import Postgres
import Records

/// A deal that comes into a stage, changes its place there, or leaves: what follows for the deal itself, for those beside it and for its
/// history.
struct StageMove {
    private let change: RecordType.Change
    /// The stage it goes to; nil when it stays.
    private let stage: String?
    private let position: Int?
    /// Whether the chance of success is given, and which.
    private let probability: Int??

    /// Nil when the change touches neither stage, place nor chance.
    init?(_ change: RecordType.Change) {
        guard change.action == .create || change.action == .update else { return nil }
        self.change = change
        stage = change[Deals.stage]?.flatMap { $0 }
        position = change[Deals.position]?.flatMap { $0 }
        probability = change[Deals.probability]
        guard stage != nil || position != nil || probability != nil else { return nil }
    }

    private var isCreate: Bool { change.action == .create }

    /// What follows for the deal itself is computed where its row is: the stage may be changed at the same moment.
    func prepare(_ draft: inout Draft) {
        let destination: SQL = stage.map { "\($0)::uuid" } ?? "r.stage_id"
        let own: SQL = probability.map { "\($0)::integer" } ?? (isCreate ? "NULL" : "r.own_probability")
        draft.assign("own_probability", own)
        draft.assign("probability", "coalesce(\(own), (SELECT probability FROM stages WHERE id = \(destination)))")
        if let stage { enter(stage, &draft) }
        place(destination, &draft)
    }

    private func enter(_ stage: String, _ draft: inout Draft) {
        let kind: SQL = "(SELECT kind FROM stages WHERE id = \(stage)::uuid)"
        draft.assign("status", kind, isConsequence: true)
        guard !isCreate else {
            draft.assign("closed_at", "CASE WHEN \(kind) = 'open' THEN NULL ELSE now() END")
            return
        }
        draft.assign(
            "stage_entered_at", "CASE WHEN r.stage_id = \(stage) THEN r.stage_entered_at ELSE now() END", isConsequence: true)
        draft.assign(
            "closed_at",
            "CASE WHEN r.stage_id = \(stage) THEN r.closed_at WHEN \(kind) = 'open' THEN NULL WHEN \(kind) = r.status THEN r.closed_at ELSE now() END",
            isConsequence: true)
        if change[Deals.lostReason] == nil {
            draft.assign("lost_reason", "CASE WHEN \(kind) = 'lost' THEN r.lost_reason END", isConsequence: true)
        }
    }

    /// At the end of its new stage unless said otherwise. One that moves down lands behind whoever has the place now: see `renumbering`.
    private func place(_ destination: SQL, _ draft: inout Draft) {
        let end: SQL =
            "(SELECT coalesce(max(last.position) + 1, 0) FROM deals AS last WHERE last.stage_id = \(destination) AND last.deleted_at IS NULL)"
        if isCreate {
            if position == nil { draft.assign("position", end) }
        } else if let position {
            draft.assign(
                "position",
                """
                CASE WHEN r.stage_id = \(destination) AND r.position = \(position)::integer THEN r.position
                    WHEN r.stage_id = \(destination) AND r.position < \(position)::integer THEN \(position)::integer + 1
                    ELSE \(position)::integer END
                """)
        } else if stage != nil {
            draft.assign("position", "CASE WHEN r.stage_id = \(destination) THEN r.position ELSE \(end) END", isConsequence: true)
        }
    }

    /// Changes of places in one pipeline wait for one another, before any of them has locked a deal.
    static func locks(_ change: RecordType.Change) -> [SQL] {
        var locks: [SQL] = []
        switch change.action {
        case .create:
            if change[Deals.position] != nil, let pipeline = change[Deals.pipeline]?.flatMap({ $0 }) {
                locks.append("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.deals.' || \(pipeline)::text, 0))")
            }
        case .update where change[Deals.stage] == nil && change[Deals.position] == nil: return []
        default:
            locks.append(
                """
                SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.deals.' || pipeline_id::text, 0))
                FROM deals WHERE id = \(change.id)
                """)
        }
        guard let stage = change[Deals.stage]?.flatMap({ $0 }) else { return locks }
        let known: SQL = "SELECT cell.refuse('23503', 'deals_stage_id_reference') WHERE NOT EXISTS (SELECT FROM stages WHERE id = \(stage))"
        return locks + [known]
    }

    /// What follows for others, in the transaction of the move.
    static func consequences(_ change: RecordType.Change) -> [SQL] {
        let movesStage = change.action == .create || change[Deals.stage] != nil
        let movesPlace = change[Deals.position] != nil || (change.action != .create && movesStage)
        switch change.action {
        case .create, .update:
            return (movesStage ? [gate(change)] : []) + (movesPlace ? [renumbering(change.id)] : []) + (movesStage ? history(change) : [])
        case .trash: return [renumbering(change.id)]
        case .restore: return [toTheEnd(change.id), renumbering(change.id)]
        case .purge: return []
        }
    }

    private static let gateName = "deals_stage_requires:"

    /// A stage lets in only deals that have what it requires; the refusal names everything that is missing.
    private static func gate(_ change: RecordType.Change) -> SQL {
        let state = SQL(code: (change.catalog["deals"] ?? Deals.type).loggedJSON("r"))
        return """
            SELECT cell.refuse('TN002', \(gateName) || missing.names)
            FROM (
                SELECT string_agg(field, ',' ORDER BY place) AS names
                FROM deals AS r JOIN stages ON stages.id = r.stage_id
                    CROSS JOIN unnest(stages.required_fields) WITH ORDINALITY AS needed (field, place)
                WHERE r.id = \(change.id) AND r.stage_entered_at = now()::timestamptz(3)
                    AND coalesce(\(state) -> field, 'null') IN ('null', '[]', '{}')
            ) AS missing
            WHERE missing.names IS NOT NULL
            """
    }

    static func problem(_ constraint: String) -> Problem? {
        guard constraint.hasPrefix(gateName) else { return nil }
        let names = constraint.dropFirst(gateName.count).split(separator: ",").map(String.init)
        return .invalid(
            names.map { .init("/" + $0.replacing("custom.", with: "custom/"), .required, "The stage requires this.") })
    }

    /// Places from 0 without gaps, in the stage the deal is in and in the one it comes from, which its history still has open.
    private static func renumbering(_ deal: String) -> SQL {
        """
        UPDATE deals SET position = counted.place
        FROM (
            SELECT id, row_number() OVER (PARTITION BY stage_id ORDER BY position, id <> \(deal), id) - 1 AS place
            FROM deals
            WHERE deleted_at IS NULL AND stage_id IN (
                SELECT stage_id FROM deals WHERE id = \(deal)
                UNION SELECT stage_id FROM deal_stages WHERE deal_id = \(deal) AND left_at IS NULL)
        ) AS counted
        WHERE deals.id = counted.id AND deals.position <> counted.place
        """
    }

    private static func toTheEnd(_ deal: String) -> SQL {
        """
        UPDATE deals SET position = (
            SELECT coalesce(max(last.position) + 1, 0) FROM deals AS last
            WHERE last.stage_id = deals.stage_id AND last.deleted_at IS NULL AND last.id <> deals.id)
        WHERE id = \(deal)
        """
    }

    private static func history(_ change: RecordType.Change) -> [SQL] {
        let actor = change.caller.actor
        return [
            """
            UPDATE deal_stages SET left_at = now()
            WHERE deal_id = \(change.id) AND left_at IS NULL AND stage_id <> (SELECT stage_id FROM deals WHERE id = \(change.id))
            """,
            """
            INSERT INTO deal_stages (id, deal_id, stage_id, entered_at, actor_type, actor_id)
            SELECT cell.uuid_v7(), id, stage_id, now(), \(actor.kind.rawValue), \(actor.id)
            FROM deals
            WHERE id = \(change.id)
                AND NOT EXISTS (SELECT FROM deal_stages WHERE deal_id = \(change.id) AND left_at IS NULL)
            """,
        ]
    }
}
