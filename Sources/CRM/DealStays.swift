import Foundation
import Postgres
import Records
import Tenancy

/// In which stages a deal has been, for how long, and who brought it there.
package enum DealStays {
    /// `{"data":[{"stage_id","entered_at","left_at","seconds","actor"}]}`, the oldest first; the last one counts until now.
    package static func document(of id: String, in scope: TenantScope, for caller: Caller) async throws -> JSON {
        guard let id = UUID(text: id) else { throw Problem.notFound }
        guard !caller.rights.isHidden(Deals.stage.definition.path, of: "deals") else {
            throw Problem(.forbidden, "Your role may not see deals' stages.")
        }
        let answers = try await scope.run(
            [
                "SELECT FROM deals AS r WHERE r.id = \(id) AND r.deleted_at IS NULL AND \(caller.readable(Deals.type))",
                """
                SELECT stage_id, entered_at, left_at,
                    floor(extract(epoch FROM coalesce(left_at, greatest(now(), entered_at)) - entered_at))::bigint, actor_type, actor_id
                FROM deal_stages WHERE deal_id = \(id) ORDER BY entered_at, id
                """,
            ], isRepeatable: true)
        guard !answers[0].isEmpty else { throw Problem.notFound }
        let stays = try answers[1].map { row -> JSON in
            let actor: JSON = row.isNull(5) ? .null : ["type": JSON(row.optionalText(4)), "id": JSON(row.optionalText(5))]
            return [
                "stage_id": .string(try row.text(0)), "entered_at": .string(try row.date(1).apiText),
                "left_at": JSON(try row.optionalDate(2)?.apiText),
                "seconds": JSON(try row.int(3)), "actor": actor,
            ]
        }
        return ["data": .array(stays)]
    }
}
