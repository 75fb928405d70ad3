import Postgres
import Records

/// What a calendar may show to the caller.
extension Caller {
    func shows(_ field: String, of type: RecordType) -> Bool { !rights.isHidden(field, of: type.name) }

    /// The records of the type that the caller may read, none where a field is hidden that would show by their being there.
    func reads(_ fields: [String], of type: RecordType, _ r: String) -> SQL {
        fields.allSatisfy { shows($0, of: type) } ? readable(type, r) : "false"
    }

    /// The tasks that are the caller's: assigned to him, or his own and nobody's.
    func hasToDo(_ t: String) -> SQL {
        SQL(code: "(\(t).assignee_id = ") + "\(userID) OR " + SQL(code: "(\(t).assignee_id IS NULL AND \(t).owner_id = ") + "\(userID)))"
    }
}
