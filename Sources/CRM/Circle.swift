import Postgres
import Records

/// A record that would belong to itself over its parents.
enum Circle {
    static func constraint(of table: String) -> String { "\(table)_parent_id_no_cycle" }

    static func problem(_ sentence: String) -> Problem { .invalid([.init("/parent_id", .reference, sentence)]) }

    /// Two people could each close one half of a circle at the same moment, so changes of parents wait for one another.
    static func refusal(_ change: RecordType.Change, _ parent: Field<String>) -> [SQL] {
        guard change.action == .update, change[parent] != nil, let type = parent.definition.target else { return [] }
        return refusal(change.id, in: type)
    }

    /// The same for a record whose parent, or whose children, have changed.
    static func refusal(_ id: String, in type: String) -> [SQL] {
        let table = SQL(code: type)
        return [
            Turn.of("\(type).parent_id"),
            """
            WITH RECURSIVE above (id, parent_id) AS (
                SELECT id, parent_id FROM \(table) WHERE id = \(id)
                UNION
                SELECT next.id, next.parent_id FROM \(table) AS next JOIN above ON next.id = above.parent_id)
            SELECT cell.refuse('23514', \(constraint(of: type)))
            WHERE EXISTS (SELECT FROM above WHERE parent_id = \(id))
            """,
        ]
    }
}
