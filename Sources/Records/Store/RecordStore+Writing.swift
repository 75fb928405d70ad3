import Foundation
import Postgres
import Secrets

extension RecordStore {
    /// Makes a record. The write, its change-log row, what the type's rule adds and the kept answer leave in one flush.
    ///
    /// - Parameter id: given where the same record is to be found again; one that is taken is a `duplicate`.
    package func create(_ body: JSON, id: UUID = .v7(), repeatable: RepeatableRequest? = nil) async throws -> RecordAnswer {
        guard caller.rights[type.name].create else { throw Problem(.forbidden, "Your role may not create \(type.name).") }
        let store = type.rules.cascades ? operating : self
        let draft = try Draft(body, of: type, by: caller, isCreate: true)
        return try await store.creation(of: draft, id: id, repeatable: repeatable, looksForDuplicates: true).run()
    }

    /// A create that is ready to be run; the caller's right to create is checked already.
    ///
    /// - Parameter looksForDuplicates: whether the type's duplicate rules may refuse it, unless the caller allows duplicates. Work that has
    ///   looked for the record by its own rules does not ask them.
    package func creation(
        of draft: Draft, id: UUID = .v7(), repeatable: RepeatableRequest? = nil, looksForDuplicates: Bool = false
    ) async throws -> PlannedWrite {
        let id = id.text
        var draft = try await prepared(draft, .create, id)
        let owner = CommonFields.owner.column
        if !draft.assignments.contains(where: { $0.column == owner }) { draft.assign(owner, caller.userID.sqlValue) }
        var columns = "id, created_by_type, created_by_id, updated_by_type, updated_by_id"
        var values: SQL = "\(id), \(caller.actor.kind.rawValue), \(caller.actor.id), \(caller.actor.kind.rawValue), \(caller.actor.id)"
        for assignment in draft.assignments {
            columns += ", \(assignment.column)"
            values += ", " + assignment.value
        }
        let record = SQL(code: "INSERT INTO \(type.table) (\(columns)) VALUES (") + values + ") RETURNING *"
        let logged = logging(.create, SQL(code: "cell.field_changes('{}', \(type.loggedJSON("record"))) FROM record"))
        let written: SQL = "WITH record AS (" + record + "), logged AS (" + logged + ")"
        let projection = projection()
        let change = change(.create, id, draft)
        let refusal = looksForDuplicates && !caller.allowsDuplicates ? refusalOfDuplicates(draft, id) : []
        let unit = WriteUnit(
            locks: type.rules.locking(change), guards: guards(for: draft), rules: try type.rules.saving(change) + refusal,
            repeatable: repeatable,
            counting: ownCounting, answering(written, "record", id, projection, status: 201, repeatable))
        return PlannedWrite(action: .create, id: id, store: self, draft: draft, unit: unit, projection: projection, repeatable: repeatable)
    }

    /// Changes the fields that the body names; null unsets. Nothing changed keeps the version and writes no change.
    package func patch(_ id: String, _ body: JSON, ifMatch: Precondition? = nil, repeatable: RepeatableRequest? = nil) async throws
        -> RecordAnswer
    {
        guard let id = UUID(text: id) else { throw Problem.notFound }
        let draft: Draft
        do throws(Problem) {
            draft = try Draft(body, of: type, by: caller, isCreate: false)
        } catch {
            // A stranger's record is not there, whatever the body says of it.
            try await find(id.uuidString)
            throw error
        }
        let store = type.rules.cascades ? operating : self
        return try await store.patch(id.text, draft, ifMatch: ifMatch, repeatable)
    }

    /// The same with a draft that is checked already.
    package func patch(_ id: String, _ draft: Draft, ifMatch: Precondition?, _ repeatable: RepeatableRequest?) async throws -> RecordAnswer
    {
        try await change(of: id, by: draft, ifMatch: ifMatch, repeatable: repeatable).run()
    }

    /// A patch that is ready to be run.
    ///
    /// - Parameter isWithinLimit: whether it is known already that the record does not lie beyond the plan's limits.
    package func change(
        of id: String, by draft: Draft, ifMatch: Precondition? = nil, repeatable: RepeatableRequest? = nil, isWithinLimit: Bool = false
    ) async throws -> PlannedWrite {
        let draft = try await prepared(draft, .update, id, ifMatch)
        let projection = projection()
        let before =
            SQL(code: "SELECT * FROM \(type.table) AS r WHERE r.id = ") + "\(id) AND r.deleted_at IS NULL"
            + allowed(caller.rights[type.name].update, ifMatch)
        var sets = caller.stamp
        for assignment in draft.assignments { sets += SQL(code: ", \(assignment.column) = ") + assignment.value }
        let differs = draft.assignments.filter { !$0.isConsequence }.map { SQL(code: "r.\($0.column) IS DISTINCT FROM ") + $0.value }
        let record =
            SQL(code: "UPDATE \(type.table) AS r SET ") + sets + " FROM before WHERE r.id = before.id AND ("
            + (differs.isEmpty ? "false" : differs.joined(separator: " OR ")) + ") RETURNING r.*"
        let logged = logging(.update, type.changedFields)
        let written: SQL =
            "WITH before AS (" + before + "), record AS (" + record + "), logged AS (" + logged + "), result AS ("
            + "SELECT * FROM record UNION ALL SELECT * FROM before WHERE NOT EXISTS (SELECT FROM record))"
        let change = change(.update, id, draft)
        let unit = WriteUnit(
            locks: type.rules.locking(change), lock: lock(id, reach: caller.rights[type.name].update, ifMatch),
            guards: (isWithinLimit ? [] : guardOfLimit(id)) + guards(for: draft), rules: try type.rules.saving(change),
            repeatable: repeatable,
            answering(written, "result", id, projection, status: 200, repeatable))
        return PlannedWrite(
            action: .update, id: id, store: self, draft: draft, unit: unit, projection: projection, repeatable: repeatable, ifMatch: ifMatch
        )
    }

    /// The draft as the type's rule wants it, while no connection is held.
    func prepared(_ draft: Draft, _ action: RecordType.Change.Action, _ id: String, _ ifMatch: Precondition? = nil) async throws(Problem)
        -> Draft
    {
        guard let preparing = type.rules.preparing else { return draft }
        var draft = draft
        var change = change(action, id, draft)
        change.versions = ifMatch?.versions
        try await preparing(&draft, change)
        return draft
    }

    package func change(_ action: RecordType.Change.Action, _ id: String, _ draft: Draft = .empty) -> RecordType.Change {
        RecordType.Change(action: action, id: id, draft: draft, caller: caller, slug: scope.tenant.slug, catalog: catalog, scope: scope)
    }
}
