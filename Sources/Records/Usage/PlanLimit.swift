import Postgres
import Tenancy

/// A limit of the tenant's plan that a write would break: how a statement says so, and what is told to people.
package struct PlanLimit: Sendable, Hashable {
    package let resource: String
    package let limit: Int
    /// How much there was before.
    package let used: Int
    /// The plan's name.
    package let plan: String

    private static let name = "plan_limit"

    /// Ends the unit. `resource`, `limit` and `used` are expressions.
    static func refusal(_ resource: SQL, limit: SQL, used: SQL, plan: String) -> SQL {
        "cell.refuse('TN002', concat_ws(':', \(name)::text, \(resource), \(limit), \(used), \(plan)::text))"
    }

    /// Reads the constraint's name of such a refusal; nil for any other.
    package init?(_ constraint: String) {
        let parts = constraint.split(separator: ":").map(String.init)
        guard parts.count == 5, parts[0] == Self.name, let limit = Int(parts[2]), let used = Int(parts[3]) else { return nil }
        (resource, self.limit, self.used, plan) = (parts[1], limit, used, parts[4])
    }

    package init(resource: String, limit: Int, used: Int, plan: String) {
        (self.resource, self.limit, self.used, self.plan) = (resource, limit, used, plan)
    }

    /// 402 for something that the plan does not allow at all, such as `setting`.
    package static func without(_ feature: Feature, for setting: String, plan: String) -> Problem {
        Problem(
            .planLimit, "The plan \(plan) does not come with \(feature.rawValue), which \(setting) needs. Take a larger plan.",
            members: members(feature.rawValue, limit: 0, used: 0, plan))
    }

    /// 402 with the numbers.
    package var problem: Problem {
        let sentence =
            used > limit
            ? "The plan \(plan) allows \(limit) of \(resource), and there are \(used): the newest beyond that can only be read and deleted."
            : "The plan \(plan) allows \(limit) of \(resource), and \(used) are in use."
        return Problem(
            .planLimit, sentence + " Delete some, or take a larger plan.", members: Self.members(resource, limit: limit, used: used, plan))
    }

    private static func members(_ resource: String, limit: Int, used: Int, _ plan: String) -> [JSON.Member] {
        [
            .init("limit", JSON(limit)), .init("used", JSON(used)), .init("resource", .string(resource)), .init("plan", .string(plan)),
            .init("upgrade_url", "/settings/billing"),
        ]
    }
}
