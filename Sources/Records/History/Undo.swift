import Foundation
import Postgres
import Secrets
import Tenancy

/// Takes back what one operation did: every record it touched gets its former values again, but for what has changed since.
///
/// It is an operation itself, so it can be undone too. All of it happens in one transaction, by the rules and within the rights of any
/// other write; what cannot be taken back is told and left as it is.
package struct Undo: Sendable {
    private let operation: UUID
    private let id: UUID
    private let caller: Caller
    private let catalog: Catalog
    private let scope: TenantScope

    /// - Parameter id: its own operation. Where the change log knows it already, from a part that came before, what that did is not taken for
    ///   other people's changes.
    package init(of operation: UUID, as id: UUID = .v7(), _ catalog: Catalog, in scope: TenantScope, for caller: Caller) {
        self.operation = operation
        self.id = id
        self.catalog = catalog
        self.scope = scope
        var caller = caller
        caller.operationID = id
        caller.purpose = .undo
        self.caller = caller
    }

    /// Refuses with `notFound` when there is no such operation or the caller may see nothing of it.
    package func run(_ repeatable: RepeatableRequest?) async throws -> RecordAnswer {
        try await run(nil, repeatable) { _, _ in [] }
    }

    /// The same for some of the records, a part of an undo in several transactions. `closing` is written with the last of them; it is told how
    /// many were restored, and what was left.
    func run(records: [String], closing: @escaping @Sendable (_ restored: Int, _ conflicts: JSON) -> [SQL]) async throws {
        _ = try await run(records, nil, closing)
    }

    private func run(
        _ records: [String]?, _ repeatable: RepeatableRequest?, _ closing: @escaping @Sendable (Int, JSON) -> [SQL]
    ) async throws -> RecordAnswer {
        for _ in 0..<Self.attempts {
            let traces = try await traces(of: records)
            let states = try await states(of: traces)
            let seen = records != nil ? traces : traces.filter { states[$0.id] != nil || ($0.isPurged && readsAll($0.type)) }
            guard !seen.isEmpty || records != nil else { throw Problem.notFound }
            var conflicts: [UndoConflict] = []
            var steps: [UndoStep] = []
            let gone = Set(traces.filter(\.isPurged).map(\.id))
            for trace in seen {
                let plan = try await plan(trace, states[trace.id], gone: gone)
                conflicts += plan.conflicts
                steps += plan.steps
            }
            do {
                let work = UndoWork(
                    id: id, steps: steps, conflicts: conflicts, restored: Set(seen.filter(\.isRestored).map(\.id)), states: states,
                    catalog: catalog, repeatable: repeatable, counting: Usage.settled(catalog, scope.entitlements),
                    slug: scope.tenant.slug, closing: closing)
                return RecordAnswer(status: 200, body: try await scope.transaction { transaction in try work.perform(transaction).bytes })
            } catch {
                if let limit = (error as? PostgresError)?.planLimit { throw limit }
                // A deadlock with another write is no more than its turn first.
                let isBehind = (error as? PostgresError)?.refusal?.state == .deadlockDetected
                guard error is UndoWork.Overtaken || isBehind else { throw error }
            }
        }
        throw Problem(.overloaded, "Others are writing the same records; try again.", retryAfter: 1)
    }

    private static let attempts = 3
    /// In one transaction, which holds a connection and what it is to write in memory.
    private static let largest = 20_000

    private func readsAll(_ type: String) -> Bool {
        catalog[type].map(caller.readsAll) ?? false
    }

    /// What the operation did to each record, and the undo itself since, the last touched first.
    ///
    /// - Parameter records: only these; nil for all.
    private func traces(of records: [String]?) async throws -> [UndoTrace] {
        let some: SQL = records.map { " AND record_id = ANY (\($0)::uuid[])" } ?? ""
        let rows = try await scope.rows(
            """
            SELECT type, record_id, version, action, fields, operation_id FROM changes
            WHERE operation_id IN (\(operation), \(id))\(some)
            ORDER BY version, id LIMIT \(Self.largest + 1)
            """)
        guard rows.count <= Self.largest else {
            throw Problem(.conflict, "The operation touched more than \(Self.largest) records; that is too many to undo at once.")
        }
        var traces: [String: UndoTrace] = [:]
        var order: [String] = []
        for row in rows {
            let id = try row.text(1)
            if traces[id] == nil { order.append(id) }
            var trace = try traces[id] ?? UndoTrace(type: row.text(0), id: id)
            try trace.add(
                version: row.int(2), isPurge: row.text(3) == "purge", isOfUndo: row.uuid(5) == self.id, JSON(parsing: row.text(4)))
            traces[id] = trace
        }
        return order.reversed().compactMap { traces[$0] }
    }

    /// How the records stand now, those that the caller may read.
    private func states(of traces: [UndoTrace]) async throws -> [String: UndoState] {
        var statements: [SQL] = []
        for (name, ids) in Dictionary(grouping: traces, by: \.type) {
            guard let type = catalog[name] else { continue }
            let rights = caller.rights[name]
            statements.append(
                "SELECT r.id, r.version, \(SQL(code: type.undoneJSON("r"))), \(caller.within(rights.update)) IS TRUE, "
                    + "\(caller.within(rights.delete)) IS TRUE"
                    + SQL(code: " FROM \(type.table) AS r WHERE r.id = ANY (") + "\(ids.map(\.id))::uuid[]) AND \(caller.readable(type))")
        }
        var states: [String: UndoState] = [:]
        for row in try await scope.run(statements, isRepeatable: true).joined() {
            states[try row.text(0)] = UndoState(
                version: try row.int(1), fields: try JSON(parsing: row.text(2)), canUpdate: try row.bool(3), canDelete: try row.bool(4))
        }
        return states
    }

    /// What is to be done about one record, and what is not.
    private func plan(_ trace: UndoTrace, _ state: UndoState?, gone: Set<String>) async throws -> (
        steps: [UndoStep], conflicts: [UndoConflict]
    ) {
        guard let type = catalog[trace.type], let state else { return ([], [UndoConflict(trace, [])]) }
        let store = RecordStore(type, of: catalog, in: scope, for: caller)
        if trace.isCreation {
            if trace.isRestored, state.isTrashed, state.version == trace.lastVersion { return ([], []) }
            guard state.version == trace.lastVersion, state.canDelete, !state.isTrashed else {
                return ([], [UndoConflict(trace, changedSince(trace, state, type))])
            }
            return ([try await store.undoing(.trash, trace)], [])
        }
        var conflicting: [String] = []
        var values: [(field: FieldDefinition, value: JSON)] = []
        for (name, change) in trace.fields.sorted(by: { $0.key < $1.key })
        where name != CommonFields.deletedAt.name && change.before != change.after {
            guard let field = type.field(name) else { continue }
            let isOpen = !caller.rights.isHidden(name, of: type.name) && !caller.rights.isReadOnly(name, of: type.name)
            if state.canUpdate, isOpen, !change.before.mentions(gone), state.fields[name] ?? .null == change.after {
                values.append((field, change.before))
            } else if !field.isShifting {
                conflicting.append(name)
            }
        }
        var steps: [UndoStep] = []
        if let change = trace.fields[CommonFields.deletedAt.name], change.before.isNull != change.after.isNull {
            if state.canDelete, state.fields[CommonFields.deletedAt.name] ?? .null == change.after {
                steps.append(try await store.undoing(change.before.isNull ? .restore : .trash, trace))
            } else {
                conflicting.append(CommonFields.deletedAt.name)
            }
        }
        if !values.isEmpty {
            // What was in the trash when the operation changed it goes back there.
            if state.isTrashed, steps.isEmpty, state.version != trace.lastVersion {
                conflicting += values.map(\.field.path)
            } else {
                steps.append(try await store.undoing(.update, trace, values))
            }
        }
        let named = conflicting.filter { !caller.rights.isHidden($0, of: type.name) }.sorted()
        return (steps, conflicting.isEmpty ? [] : [UndoConflict(trace, named)])
    }

    /// What keeps a record that the operation made from being taken back.
    private func changedSince(_ trace: UndoTrace, _ state: UndoState, _ type: RecordType) -> [String] {
        trace.fields.filter { state.fields[$0.key] ?? .null != $0.value.after && !caller.rights.isHidden($0.key, of: type.name) }
            .map(\.key).sorted()
    }
}

extension RecordType {
    /// The state of the record `r` as the change log compares it, the way into the trash included.
    fileprivate func undoneJSON(_ r: String) -> String {
        "(\(loggedJSON(r)) || jsonb_build_object('deleted_at', \(CommonFields.deletedAt.json(r))))"
    }
}

extension JSON {
    /// Whether it is, or holds, one of the ids.
    fileprivate func mentions(_ ids: Set<String>) -> Bool {
        if let string { return ids.contains(string) }
        return elements?.contains { $0.mentions(ids) } ?? members?.contains { $0.value.mentions(ids) } ?? false
    }
}
