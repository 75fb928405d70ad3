import Postgres

/// Why a record may not be written. The statement that locks it ends the whole unit then, so that nothing that stands behind it happens:
/// neither the write nor what a rule adds to it.
enum LockRefusal: Sendable, Hashable {
    /// Not there, in the trash, or not the caller's to read.
    case absent
    /// The caller may read it, no more.
    case forbidden
    /// Someone was faster; the version it has now.
    case otherVersion(Int)

    fileprivate static let state = "TN004"

    /// Nil for a refusal of another kind.
    init?(_ refusal: PostgresError.Refusal) {
        guard refusal.state == SQLState(rawValue: Self.state) else { return nil }
        switch refusal.constraint {
        case "absent": self = .absent
        case "forbidden": self = .forbidden
        default:
            guard let version = refusal.constraint.flatMap(Int.init) else { return nil }
            self = .otherVersion(version)
        }
    }
}

extension RecordStore {
    /// Locks the record for the caller to write, or ends the unit.
    func lock(_ id: String, reach: Rights.Reach, _ ifMatch: Precondition? = nil, trash: ListRequest.Trash = .without) -> SQL {
        let isExpected: SQL = ifMatch?.versions.map { "r.version = ANY (\($0)::int[])" } ?? "true"
        let wanted =
            "SELECT r.version, " + caller.within(reach) + " IS TRUE AS is_allowed, " + isExpected + " AS is_expected"
            + SQL(code: " FROM \(type.table) AS r WHERE r.id = ") + "\(id)" + condition(trash) + " FOR UPDATE"
        return """
            WITH wanted AS MATERIALIZED (\(wanted))
            SELECT cell.refuse(\(LockRefusal.state), coalesce(
                (SELECT CASE WHEN is_allowed THEN version::text ELSE 'forbidden' END FROM wanted), 'absent'))
            WHERE NOT EXISTS (SELECT FROM wanted WHERE is_allowed AND is_expected)
            """
    }
}
