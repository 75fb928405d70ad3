import Postgres
import Records
import Tenancy

/// People who work together: whose records "team" means, and whose figures are added up.
package enum Teams {
    package static let teamName = Field.text("name", "What it is called.").required.unique.title
    package static let members = Field.references("member_ids", to: "users", "Who belongs to it; the same as the users' team_ids.")
    package static let parent = Field.reference("parent_id", to: "teams", "The team it is a part of; never itself, not even indirectly.")

    package static let type = RecordType(
        "teams", singular: "team", fields: [teamName, members, parent], staysWhileUsed: true, standing: .furniture, isSearchable: false
    ) { rules in
        rules.refusals = [Circle.constraint(of: "teams"): Circle.problem("A team cannot be a part of itself, not even indirectly.")]
        rules.preparing = { _, change throws(Problem) in
            guard change.caller.rights.admin.users else {
                throw Problem(.forbidden, "Only those who run the account's users may change teams.")
            }
        }
        rules.cascades = true
        rules.saving = { change throws(Problem) in
            // Whose records "team" means has changed for everyone in it.
            return Circle.refusal(change, parent) + leading(change)
                + [Credentials.changed(change.slug), AuditTrail.telling(of: change.id, "teams", "team")]
        }
    }

    /// The members of the teams of the user `u` and of the teams below them, as an array; the user included.
    package static let companions: SQL = """
        ARRAY(
            WITH RECURSIVE mine (id) AS (
                SELECT unnest(u.team_ids)
                UNION SELECT below.id FROM teams AS below JOIN mine ON below.parent_id = mine.id WHERE below.deleted_at IS NULL)
            SELECT m.id FROM users m WHERE m.id = u.id OR (m.deleted_at IS NULL AND m.team_ids && ARRAY(SELECT id FROM mine)))
        """

    /// Users follow what a team says of its members.
    private static func leading(_ change: RecordType.Change) -> [SQL] {
        guard change[members] != nil, let users = change.catalog["users"] else { return [] }
        return [
            change.cascade(
                users, set: "team_ids = r.team_ids || team.id", with: "(SELECT id, member_ids FROM teams WHERE id = \(change.id)) AS team",
                where: "r.id = ANY (team.member_ids) AND NOT team.id = ANY (r.team_ids)"),
            change.cascade(
                users, set: "team_ids = array_remove(r.team_ids, team.id)",
                with: "(SELECT id, member_ids FROM teams WHERE id = \(change.id)) AS team",
                where: "team.id = ANY (r.team_ids) AND NOT r.id = ANY (team.member_ids)"),
        ]
    }

    /// Teams follow what a user says of the teams he belongs to.
    static func following(_ change: RecordType.Change) -> [SQL] {
        guard change[Users.teams] != nil, let teams = change.catalog["teams"] else { return [] }
        return [
            change.cascade(
                teams, set: "member_ids = r.member_ids || person.id",
                with: "(SELECT id, team_ids FROM users WHERE id = \(change.id)) AS person",
                where: "r.id = ANY (person.team_ids) AND NOT person.id = ANY (r.member_ids)"),
            change.cascade(
                teams, set: "member_ids = array_remove(r.member_ids, person.id)",
                with: "(SELECT id, team_ids FROM users WHERE id = \(change.id)) AS person",
                where: "person.id = ANY (r.member_ids) AND NOT r.id = ANY (person.team_ids)"),
        ]
    }
}
