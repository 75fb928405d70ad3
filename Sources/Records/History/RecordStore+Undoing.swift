import Postgres

extension RecordStore {
    /// The statements that put one record back: into the trash, out of it, or to former values. As any write they lock, obey the type's
    /// rule and are logged.
    func undoing(
        _ action: RecordType.Change.Action, _ trace: UndoTrace, _ values: [(field: FieldDefinition, value: JSON)] = []
    ) async throws(Problem) -> UndoStep {
        var draft = try Draft(restoring: values)
        try await type.rules.preparing?(&draft, change(action, trace.id, draft))
        let change = change(action, trace.id, draft)
        let table = SQL(code: type.table)
        var sets = [caller.stamp]
        let differs: SQL
        switch action {
        case .trash:
            sets.append("deleted_at = now()")
            differs = "r.deleted_at IS NULL"
        case .restore:
            sets.append("deleted_at = NULL")
            differs = "r.deleted_at IS NOT NULL"
        default:
            sets += draft.assignments.map { SQL(code: "\($0.column) = ") + $0.value }
            let changed = draft.assignments.filter { !$0.isConsequence }
            let any = changed.map { SQL(code: "r.\($0.column) IS DISTINCT FROM ") + $0.value }.joined(separator: " OR ")
            differs = changed.isEmpty ? "false" : "(" + any + ")"
        }
        let deletion = ["before", "record"].map { "jsonb_build_object('deleted_at', \(CommonFields.deletedAt.json($0)))" }
        var fields = SQL(
            code: "cell.field_changes(\(type.loggedJSON("before")) || \(deletion[0]), \(type.loggedJSON("record")) || \(deletion[1]))")
        // Where its address led to, or is to lead to again, and whose its files are.
        if action != .update, let merged = trace.fields[Redirect.member] {
            fields += " || " + Redirect.change(from: merged.after.string, to: merged.before.string)
            if let files = Attachments.takenBackMember(trace) { fields += " || " + files }
        }
        let files = action == .update ? [] : Attachments.takingBack(trace, type)
        fields += " FROM record JOIN before USING (id)"
        let write: SQL = """
            WITH before AS (SELECT * FROM \(table) AS r WHERE r.id = \(trace.id)),
                record AS (
                    UPDATE \(table) AS r SET \(sets.joined(separator: ", ")) FROM before WHERE r.id = before.id AND \(differs) RETURNING r.*),
                logged AS (\(logging(action, fields)))
            SELECT id FROM record
            """
        let reach = action == .update ? caller.rights[type.name].update : caller.rights[type.name].delete
        let first =
            type.rules.locking(change) + [lock(trace.id, reach: reach, trash: .include)] + guards(for: draft)
            + (action == .trash ? guardsOfUse(trace.id) : []) + (action == .update ? guardOfLimit(trace.id) : [])
        let names = action == .update ? values.map(\.field.path) : [CommonFields.deletedAt.name]
        return UndoStep(
            conflict: UndoConflict(trace, names), isReturn: action == .restore,
            statements: first + [write] + files + (try type.rules.saving(change)))
    }
}
