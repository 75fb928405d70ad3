import Postgres

extension Caller {
    /// The records of the type that the caller may read, as a condition on `r`.
    package func readable(_ type: RecordType, _ r: String = "r") -> SQL {
        let reach = within(rights[type.name].read, r)
        guard let visible = type.rules.visible else { return reach }
        return "(" + reach + " AND " + visible(self, r) + ")"
    }

    /// Whether the caller may read every record of the type.
    func readsAll(_ type: RecordType) -> Bool { rights[type.name].read == .all && type.rules.visible == nil }

    /// The records that a reach covers.
    package func within(_ reach: Rights.Reach, _ r: String = "r") -> SQL {
        switch reach {
        case .all: "true"
        case .team: SQL(code: "\(r).owner_id = ANY (") + "\(teamMemberIDs + [userID])::uuid[])"
        case .own: SQL(code: "\(r).owner_id = ") + "\(userID)::uuid"
        case .none: "false"
        }
    }
}
