import Postgres

extension Caller {
    /// The records of the type that the caller may read, as a condition on `r`.
    func readable(_ type: RecordType, _ r: String = "r") -> SQL { within(rights[type.name].read, r) }

    /// The records that a reach covers.
    func within(_ reach: Rights.Reach, _ r: String = "r") -> SQL {
        switch reach {
        case .all: "true"
        case .team: SQL(code: "\(r).owner_id = ANY (") + "\(teamMemberIDs + [userID])::uuid[])"
        case .own: SQL(code: "\(r).owner_id = ") + "\(userID)::uuid"
        case .none: "false"
        }
    }
}
