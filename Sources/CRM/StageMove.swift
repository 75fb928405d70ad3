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
        var own: SQL = probability.map { "\($0)::integer" } ?? (isCreate ? "NULL" : "r.own_probability")
        // The log does not say whether a former chance was the deal's own or its stage's; what is the same need not be its own.
        if change.caller.purpose == .undo { own = "nullif(\(own), (SELECT probability FROM stages WHERE id = \(destination)))" }
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

    /// At the end of its new stage unless said otherwise; a place beyond the end is the end. Who stands there makes room: see `makingRoom`.
    private func place(_ destination: SQL, _ draft: inout Draft) {
        let end: SQL = """
            (SELECT coalesce(max(last.position) + 1, 0) FROM deals AS last WHERE last.stage_id = \(destination) AND last.deleted_at IS NULL)
            """
        guard !isCreate else { return draft.assign("position", position.map { "least(\($0)::integer, \(end))" } ?? end) }
        if let position {
            // Among the others: in its own stage it does not count itself.
            draft.assign("position", "least(\(position)::integer, \(end) - (r.stage_id = \(destination))::integer)")
        } else if stage != nil {
            draft.assign("position", "CASE WHEN r.stage_id = \(destination) THEN r.position ELSE \(end) END", isConsequence: true)
        }
    }

    /// Changes of places wait for one another, before any of them has locked a record.
    ///
    /// One lock for all of a tenant's stages: a move touches two of them, and which they are is only sure once nobody else moves.
    static let turn = Turn.of("deals.position")

    /// Where a deal was before the write: known to the transaction as long as it lasts, also when the deal is gone; empty for one that stood
    /// nowhere, because it was in the trash or is new.
    private static let left = (stage: "tenantry.stage_left", place: "tenantry.place_left")

    static func locks(_ change: RecordType.Change) -> [SQL] {
        if change.action == .update, change[Deals.stage] == nil, change[Deals.position] == nil { return [] }
        var locks = [turn]
        if change.action != .create {
            locks.append(
                """
                SELECT set_config(\(left.stage), coalesce(max(stage_id::text), ''), true), set_config(\(left.place), coalesce(max(position::text), ''), true)
                FROM deals WHERE id = \(change.id) AND deleted_at IS NULL
                """)
        }
        guard let stage = change[Deals.stage]?.flatMap({ $0 }) else { return locks }
        let known: SQL = "SELECT cell.refuse('23503', 'deals_stage_id_reference') WHERE NOT EXISTS (SELECT FROM stages WHERE id = \(stage))"
        return locks + [known]
    }

    /// What follows for others, in the transaction of the move.
    static func consequences(_ change: RecordType.Change) -> [SQL] {
        switch change.action {
        case .create:
            return [gate(change)] + (change[Deals.position] == nil ? [] : [makingRoom(change.id, comesFromStage: false)]) + history(change)
        case .update:
            let movesStage = change[Deals.stage] != nil
            let movesPlace = movesStage || change[Deals.position] != nil
            return (movesStage ? [gate(change)] : []) + (movesPlace ? [makingRoom(change.id)] : []) + (movesStage ? history(change) : [])
        case .trash, .purge: return [makingRoom(change.id)]
        case .restore: return [toTheEnd(change.id)]
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

    /// Places from 0 without gaps: those behind it close up in the stage that the deal comes from and make room in the stage that it is in.
    /// It costs in proportion to them, and nothing at the end of a stage.
    private static func makingRoom(_ deal: String, comesFromStage: Bool = true) -> SQL {
        let before: SQL =
            comesFromStage
            ? "nullif(current_setting(\(left.stage), true), '')::uuid AS stage, nullif(current_setting(\(left.place), true), '')::integer AS place"
            : "NULL::uuid AS stage, NULL::integer AS place"
        return """
            UPDATE deals SET position = moved.place
            FROM (
                SELECT other.id, closed.place + (closed.place >= here.position AND other.stage_id = here.stage_id IS TRUE)::integer AS place
                FROM (SELECT \(before)) AS was
                    LEFT JOIN deals AS here ON here.id = \(deal) AND here.deleted_at IS NULL
                    JOIN deals AS other ON other.id <> \(deal) AND other.deleted_at IS NULL AND (
                        other.stage_id = was.stage AND other.position > was.place
                        OR other.stage_id = here.stage_id AND other.position >= here.position)
                    CROSS JOIN LATERAL (
                        SELECT other.position - (other.stage_id = was.stage AND other.position > was.place IS TRUE)::integer AS place) AS closed
            ) AS moved
            WHERE deals.id = moved.id AND deals.position <> moved.place
            """
    }

    /// For a deal that has just come out of the trash.
    private static func toTheEnd(_ deal: String) -> SQL {
        """
        UPDATE deals SET position = (
            SELECT count(*) FROM deals AS other
            WHERE other.stage_id = deals.stage_id AND other.deleted_at IS NULL AND other.id <> deals.id)
        WHERE id = \(deal) AND deleted_at IS NULL AND updated_at = now()::timestamptz(3)
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
