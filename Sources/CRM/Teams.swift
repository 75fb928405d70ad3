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
        rules.saving = { change throws(Problem) in
            var statements = Circle.refusal(change, parent)
            if change[members] != nil { statements += leading(change.id) }
            // Whose records "team" means has changed for everyone in it.
            return statements + [Credentials.changed(change.slug)]
        }
    }

    /// Users follow what a team says of its members.
    private static func leading(_ team: String) -> [SQL] {
        [
            """
            UPDATE users SET team_ids = team_ids || \(team)::uuid
            WHERE id = ANY (SELECT unnest(member_ids) FROM teams WHERE id = \(team)) AND NOT \(team)::uuid = ANY (team_ids)
            """,
            """
            UPDATE users SET team_ids = array_remove(team_ids, \(team)::uuid)
            WHERE \(team)::uuid = ANY (team_ids) AND id <> ALL (SELECT unnest(member_ids) FROM teams WHERE id = \(team))
            """,
        ]
    }

    /// Teams follow what a user says of the teams he belongs to.
    static func following(_ change: RecordType.Change) -> [SQL] {
        guard change[Users.teams] != nil else { return [] }
        let user = change.id
        return [
            """
            UPDATE teams SET member_ids = member_ids || \(user)::uuid
            WHERE id = ANY (SELECT unnest(team_ids) FROM users WHERE id = \(user)) AND NOT \(user)::uuid = ANY (member_ids)
            """,
            """
            UPDATE teams SET member_ids = array_remove(member_ids, \(user)::uuid)
            WHERE \(user)::uuid = ANY (member_ids) AND id <> ALL (SELECT unnest(team_ids) FROM users WHERE id = \(user))
            """,
        ]
    }
}
