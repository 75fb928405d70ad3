import Postgres

/// Files follow their record into the one that it is merged into, and back.
///
/// The change log says of each loser which files it had, as it says whom it was merged into; that is what an undo goes by.
extension Attachments {
    /// How the change log calls them, beside `merged_into`: the ids of files before and after. No field has this name.
    static let member = "merged_files"

    /// What is on the losers goes to the winner.
    static func moving(_ type: RecordType, from losers: [String], to winner: String) -> SQL {
        "UPDATE attachments SET record_id = \(winner) WHERE record_id = ANY (\(losers)::uuid[]) AND type = \(type.name)"
    }

    /// The member for a loser, the row `record`, as an object of type jsonb; empty where it has no files.
    static func leavingMember(_ type: RecordType) -> SQL {
        """
        coalesce((
            SELECT jsonb_build_object(\(member)::text, jsonb_build_object('before', jsonb_agg(a.id ORDER BY a.id), 'after', '[]'::jsonb))
            FROM attachments AS a WHERE a.record_id = record.id AND a.type = \(type.name) AND a.removed_at IS NULL HAVING count(*) > 0), '{}')
        """
    }

    /// What gives a loser its files again, also from a record that a later merge has taken them to; or the winner, where an undo gave them
    /// back.
    static func takingBack(_ trace: UndoTrace, _ type: RecordType) -> [SQL] {
        guard let files = trace.fields[member], let merged = trace.fields[Redirect.member] else { return [] }
        let (before, after) = (Set(files.before.ids), Set(files.after.ids))
        let own = before.subtracting(after).sorted()
        let given = after.subtracting(before).sorted()
        var statements: [SQL] = []
        if !own.isEmpty, let winner = merged.after.string {
            statements.append(
                Redirect.way(from: "\(winner)::uuid", type) + """
                     UPDATE attachments SET record_id = \(trace.id)
                    WHERE id = ANY (\(own)::uuid[]) AND type = \(type.name) AND record_id IN (SELECT id FROM way)
                    """)
        }
        if !given.isEmpty, let winner = merged.before.string {
            statements.append(
                """
                UPDATE attachments SET record_id = \(winner)
                WHERE id = ANY (\(given)::uuid[]) AND record_id = \(trace.id) AND type = \(type.name)
                """)
        }
        return statements
    }

    /// The member of the undo's own row; nil where there were no files.
    static func takenBackMember(_ trace: UndoTrace) -> SQL? {
        trace.fields[member].map { files in
            "jsonb_build_object(\(member)::text, jsonb_build_object('before', \(files.after.text)::jsonb, 'after', \(files.before.text)::jsonb))"
        }
    }
}

extension JSON {
    fileprivate var ids: [String] { (elements ?? []).compactMap(\.string) }
}
