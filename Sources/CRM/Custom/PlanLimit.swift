import Postgres
import Records

/// A limit of the tenant's plan, as a condition inside the flush that would go over it, so that it holds whoever else is writing.
enum PlanLimit {
    private static let name = "plan_limit"

    /// Refuses when there are more than the plan allows. `rows` is what stands after FROM; the writer has locked what would add to it.
    static func check(_ resource: String, _ rows: SQL, adding: Int, _ change: RecordType.Change) -> [SQL] {
        guard let limit = change.scope.limits[resource] else { return [] }
        let plan = change.scope.tenant.plan.name
        return [
            "SELECT cell.refuse('TN002', concat_ws(':', \(name)::text, \(resource)::text, \(limit)::integer, count(*) - \(adding)::integer, \(plan)::text)) FROM "
                + rows + " HAVING count(*) > \(limit)::integer"
        ]
    }

    /// What such a refusal means; nil for any other.
    static func problem(_ constraint: String) -> Problem? {
        let parts = constraint.split(separator: ":").map(String.init)
        guard parts.count == 5, parts[0] == name, let limit = Int(parts[2]), let used = Int(parts[3]) else { return nil }
        return Problem(
            .planLimit, "The plan \(parts[4]) allows \(limit) of \(parts[1]), and \(used) are in use. Delete some, or take a larger plan.",
            members: [
                .init("limit", JSON(limit)), .init("used", JSON(used)), .init("resource", .string(parts[1])),
                .init("plan", .string(parts[4])), .init("upgrade_url", "/settings/billing"),
            ])
    }
}
