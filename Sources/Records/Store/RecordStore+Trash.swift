import Foundation
import Postgres

extension RecordStore {
    /// Puts the record into the trash: absent everywhere, yet restorable.
    package func trash(_ id: String, ifMatch: Precondition? = nil, repeatable: RepeatableRequest? = nil) async throws -> RecordAnswer {
        guard let id = UUID(text: id)?.text else { throw Problem.notFound }
        return try await trashing(id, ifMatch: ifMatch, repeatable: repeatable).run()
    }

    /// A way into the trash that is ready to be gone.
    func trashing(_ id: String, ifMatch: Precondition? = nil, repeatable: RepeatableRequest? = nil) async throws -> PlannedWrite {
        let reach = caller.rights[type.name].delete
        let record =
            SQL(code: "UPDATE \(type.table) AS r SET deleted_at = now(), ") + caller.stamp + " WHERE r.id = \(id) AND r.deleted_at IS NULL"
            + allowed(reach, ifMatch) + " RETURNING r.*"
        let written: SQL =
            "WITH record AS (" + record + "), logged AS (" + logging(.trash, Self.deletion("NULL", "record") + " FROM record") + ")"
        let change = change(.trash, id, try await prepared(.empty, .trash, id, ifMatch))
        let unit = WriteUnit(
            locks: type.rules.locking(change), lock: lock(id, reach: reach, ifMatch), guards: guardsOfUse(id),
            rules: try type.rules.saving(change),
            repeatable: repeatable, counting: ownCounting, .init(write: leaving(written, repeatable)))
        return PlannedWrite(
            action: .trash, id: id, store: self, draft: .empty, unit: unit, projection: projection(), repeatable: repeatable,
            ifMatch: ifMatch
        )
    }

    /// Takes the record out of the trash; outside it stays as it is. A unique value taken meanwhile is a `duplicate`.
    package func restore(_ id: String, repeatable: RepeatableRequest? = nil) async throws -> RecordAnswer {
        guard let id = UUID(text: id)?.text else { throw Problem.notFound }
        let reach = caller.rights[type.name].delete
        let projection = projection()
        let before = SQL(code: "SELECT * FROM \(type.table) AS r WHERE r.id = ") + "\(id)" + allowed(reach, nil)
        let record =
            SQL(code: "UPDATE \(type.table) AS r SET deleted_at = NULL, ") + caller.stamp
            + " FROM before WHERE r.id = before.id AND r.deleted_at IS NOT NULL RETURNING r.*"
        let written: SQL =
            "WITH before AS (" + before + "), record AS (" + record + "), logged AS ("
            + logging(.restore, Self.deletion("before", "NULL") + " FROM record JOIN before USING (id)")
            + "), result AS (SELECT * FROM record UNION ALL SELECT * FROM before WHERE NOT EXISTS (SELECT FROM record))"
        let change = change(.restore, id, try await prepared(.empty, .restore, id))
        let unit = WriteUnit(
            locks: type.rules.locking(change), lock: lock(id, reach: reach, trash: .include), rules: try type.rules.saving(change),
            repeatable: repeatable, counting: ownCounting, answering(written, "result", id, projection, status: 200, repeatable))
        let outcome = try await refusing(nil, except: id) { () async throws(PostgresError) in try await unit.run(in: scope) }
        try await check(outcome, id, nil, "restore")
        return try answer(outcome, projection, status: 200, repeatable)
    }

    /// Deletes the record for good, from the trash or from outside; what referred to it refers to nothing, each with its own change.
    package func purge(_ id: String, ifMatch: Precondition? = nil, repeatable: RepeatableRequest? = nil) async throws -> RecordAnswer {
        try await operating.purgeAll(of: id, ifMatch, repeatable)
    }

    private func purgeAll(of id: String, _ ifMatch: Precondition?, _ repeatable: RepeatableRequest?) async throws -> RecordAnswer {
        guard let id = UUID(text: id)?.text else { throw Problem.notFound }
        let reach: Rights.Reach = caller.rights[type.name].delete == .all ? .all : .none
        let gone: SQL = "(SELECT \(id)::uuid AS id) AS gone"
        let change = change(.purge, id, try await prepared(.empty, .purge, id, ifMatch))
        let releases = catalog.references(to: type).filter { !$0.field.isRequired }.map { source in
            change.cascade(
                source.type, set: SQL(code: source.release(from: "gone.id")), with: gone,
                where: SQL(
                    code: source.refers("r", to: "gone.id", of: type) + (source.type.name == type.name ? " AND r.id <> gone.id" : "")))
        }
        let record =
            SQL(code: "DELETE FROM \(type.table) AS r WHERE r.id = ") + "\(id)" + allowed(reach, ifMatch) + " RETURNING r.*"
        let written: SQL = "WITH record AS (" + record + "), logged AS (" + logging(.purge, Self.purging) + ")"
        let unit = WriteUnit(
            locks: type.rules.locking(change), lock: lock(id, reach: reach, ifMatch, trash: .include), guards: guardsOfUse(id) + releases,
            rules: try type.rules.saving(change), repeatable: repeatable, counting: ownCounting,
            closing: type.operations.contains(.attachments) ? Attachments.leaving(type, "ARRAY[\(id)::uuid]") : [],
            .init(write: leaving(written, repeatable)))
        let outcome = try await refusing(nil) { () async throws(PostgresError) in try await unit.run(in: scope) }
        try await check(outcome, id, ifMatch, "delete for good")
        return RecordAnswer(status: 204)
    }

    /// What the change log says of the way into the trash and out of it: each side is a record, or nothing.
    static func deletion(_ before: String, _ after: String) -> SQL {
        let sides = [before, after].map { $0 == "NULL" ? $0 : CommonFields.deletedAt.json($0) }
        return SQL(code: "jsonb_build_object('deleted_at', jsonb_build_object('before', \(sides[0]), 'after', \(sides[1])))")
    }

    /// A purge from outside the trash goes the way through it: the change log tells, and so do the counters.
    private static let purging: SQL =
        "CASE WHEN record.deleted_at IS NULL THEN " + deletion("NULL", "gone")
        + " ELSE '{}' END FROM record CROSS JOIN (SELECT now() AS deleted_at) AS gone"

    /// `written` (a WITH list) and an answer without a body.
    private func leaving(_ written: SQL, _ repeatable: RepeatableRequest?) -> SQL {
        guard let repeatable else { return written + " SELECT record.id FROM record" }
        return written + ", remembered AS ("
            + repeatable.remember("SELECT 204::smallint, NULL::integer, NULL::text, NULL::text FROM record")
            + ") SELECT record.id FROM record"
    }
}
