import Foundation
import Postgres
import Secrets
import Tenancy

/// The imports of one tenant, as one caller may see and order them: one's own, and everyone's for who runs the account.
///
/// An import is ordered, gets its file, is started, and then goes on by itself (`ImportRun`) until it is done, which errors in its rows do
/// not prevent.
package struct Imports: Sendable {
    let scope: TenantScope
    private let caller: Caller
    private let catalog: Catalog
    /// Promises the work, in the transaction that decides on it.
    private let promises: ImportPromises

    package init(_ catalog: Catalog, in scope: TenantScope, for caller: Caller, promises: ImportPromises) {
        self.catalog = catalog
        self.scope = scope
        self.caller = caller
        self.promises = promises
    }

    /// `.malformed`, `.invalid`; `.forbidden` for who may not both create and update.
    package func create(_ body: JSON, _ repeatable: RepeatableRequest?) async throws -> RecordAnswer {
        let order = try ImportOrder(body, of: catalog, for: caller)
        try permit(order.type)
        let id = UUID.v7()
        let made: SQL = """
            INSERT INTO imports (id, actor_type, actor_id, user_id, request_id, type, mode, key, mapping, dry_run, options)
            VALUES (\(id), \(caller.actor.kind.rawValue), \(caller.actor.id), \(caller.userID), \(caller.requestID), \(order.type),
                \(order.mode.rawValue), \(order.key), \(order.mapping.text), \(order.isRehearsal), \(order.options.document.text))
            """
        return try await changing(repeatable, status: 201) { transaction in
            try transaction.flush([made])
            return try Self.read(id, in: transaction)
        }
    }

    /// `.notFound` for another's.
    package func get(_ id: UUID) async throws -> ImportState {
        guard let row = try await scope.rows(reading("i.id = \(id)")).first else { throw Problem.notFound }
        return try ImportState(row)
    }

    /// The newest first.
    package func list(before last: UUID?, limit: Int) async throws -> [ImportState] {
        let place: SQL = last.map { "i.id < \($0)" } ?? "true"
        return try await scope.rows(reading(place) + " ORDER BY i.id DESC LIMIT \(limit)").map { try ImportState($0) }
    }

    /// Before the start only: mapping, options, mode, key.
    package func change(_ id: UUID, _ body: JSON, _ repeatable: RepeatableRequest?) async throws -> RecordAnswer {
        let before = try await get(id)
        let order = try ImportOrder(body, of: catalog, for: caller, changing: before.order)
        try Self.refuseUnknownColumns(order.mapping, before)
        return try await changing(repeatable) { transaction in
            let changed = try transaction.rows(
                """
                UPDATE imports SET mode = \(order.mode.rawValue), key = \(order.key), mapping = \(order.mapping.text),
                    dry_run = \(order.isRehearsal), options = \(order.options.document.text)
                WHERE id = \(id) AND state = 'created'
                """)
            guard changed.affected == 1 else { throw Self.begun }
            return try Self.read(id, in: transaction)
        }
    }

    /// Begins the work. `.conflict` without a file or a second time; `.planLimit` where the plan has no room for all rows; `.invalid` for a
    /// mapping that does not fit the file.
    package func start(_ id: UUID, _ repeatable: RepeatableRequest?) async throws -> RecordAnswer {
        let before = try await get(id)
        try permit(before.order.type)
        return try await changing(repeatable, status: 202) { transaction in
            let now = try Self.read(id, in: transaction, locking: true)
            guard now.state == "created" else { throw Self.begun }
            guard now.hasContent, let staging = now.staging else {
                throw Problem(.conflict, "The import has no file yet; PUT it to /v1/imports/{id}/content first.")
            }
            let plan = try ImportPlan(now, of: catalog, for: caller)
            let room = try ImportRoom(now, plan, scope.entitlements).reserve(ImportState.table(staging), transaction)
            try transaction.flush([
                """
                UPDATE imports SET state = 'queued', mapping = \(plan.mapping.text), reserved = \(room), started_at = now(), request_id = \(caller.requestID),
                    actor_type = \(caller.actor.kind.rawValue), actor_id = \(caller.actor.id), user_id = \(caller.userID)
                WHERE id = \(id)
                """, promises.run(id), told(id),
            ])
            return try Self.read(id, in: transaction)
        }
    }

    /// What is done stays; again: nothing more. `.conflict` when it has ended.
    package func cancel(_ id: UUID, _ repeatable: RepeatableRequest?) async throws -> RecordAnswer {
        _ = try await get(id)
        return try await changing(repeatable) { transaction in
            let now = try Self.read(id, in: transaction, locking: true)
            guard now.isPending || now.state == "created" || now.state == "cancelled" else {
                throw Problem(.conflict, "The import has ended; what it did can be reverted.")
            }
            try transaction.flush(
                ["UPDATE imports SET state = 'cancelled', finished_at = coalesce(finished_at, now()), staging = NULL WHERE id = \(id)"]
                    + (now.staging.map { [ImportState.dropping($0)] } ?? []) + ImportRoom.release(id, scope.entitlements) + [told(id)])
            return try Self.read(id, in: transaction)
        }
    }

    /// Begins to take back what the import did. `.conflict` for one that runs, or did nothing.
    package func revert(_ id: UUID, _ repeatable: RepeatableRequest?) async throws -> RecordAnswer {
        let before = try await get(id)
        try permit(before.order.type)
        return try await changing(repeatable, status: 202) { transaction in
            let now = try Self.read(id, in: transaction, locking: true)
            guard ["done", "cancelled", "failed"].contains(now.state), !now.order.isRehearsal else {
                throw Problem(.conflict, "Only an import that has ended, and was no dry run, can be reverted, and once.")
            }
            try transaction.flush([
                """
                UPDATE imports SET state = 'reverting', done = '{}', failure = NULL, failure_code = NULL, actor_type = \(caller.actor.kind.rawValue),
                    actor_id = \(caller.actor.id), user_id = \(caller.userID), request_id = \(caller.requestID) WHERE id = \(id)
                """, promises.revert(id), told(id),
            ])
            return try Self.read(id, in: transaction)
        }
    }

    private func told(_ id: UUID) -> SQL { ImportState.told(id, to: scope.tenant.slug) }

    private static let begun = Problem(.conflict, "The import has begun; make another one.")

    private func permit(_ type: String) throws(Problem) {
        let rights = caller.rights[type]
        guard rights.create, rights.update != .none else {
            throw Problem(.forbidden, "An import needs the rights to create and to update \(type).")
        }
    }

    static func refuseUnknownColumns(_ mapping: JSON, _ state: ImportState) throws(Problem) {
        guard state.hasContent else { return }
        let unknown = (mapping.members ?? []).filter { !$0.value.isNull && !state.columns.contains($0.name) }
        guard unknown.isEmpty else {
            throw .invalid(unknown.map { .init("/mapping/\($0.name.pointerToken)", .unknown, "The file has no column of this name.") })
        }
    }

    private func reading(_ condition: SQL) -> SQL {
        let mine: SQL = caller.rights.admin.settings ? "true" : "i.user_id = \(caller.userID)"
        return "SELECT \(ImportState.selection) FROM imports AS i WHERE \(condition) AND \(mine)"
    }

    static func read(_ id: UUID, in transaction: borrowing Transaction, locking: Bool = false) throws -> ImportState {
        let row = try transaction.rows(
            "SELECT \(ImportState.selection) FROM imports AS i WHERE i.id = \(id)" + (locking ? " FOR UPDATE" : "")
        ).first
        guard let row else { throw Problem.notFound }
        return try ImportState(row)
    }

    /// A change of an import and its answer, which is kept for a repetition.
    private func changing(
        _ repeatable: RepeatableRequest?, status: Int = 200,
        _ work: @escaping @Sendable (borrowing Transaction) throws -> ImportState
    ) async throws -> RecordAnswer {
        let body = try await scope.limited(to: .seconds(60)).transaction { transaction in
            if let repeatable { try transaction.flush(repeatable.claim) }
            let document = try work(transaction).document
            if let repeatable {
                let location = status == 201 ? document["id"]?.string.map { "/v1/imports/\($0)" } : nil
                try transaction.flush([repeatable.remember(.init(status: status, location: location, body: document.text))])
            }
            return document
        }
        var answer = RecordAnswer(status: status, body: body.bytes)
        if status == 201 { answer.location = body["id"]?.string.map { "/v1/imports/\($0)" } }
        return answer
    }
}

extension Imports {
    /// Deletes some imports that ended a month ago or were not started within a week, with everything kept of their files. False when there
    /// are none left.
    package static func forget(in scope: TenantScope) async throws -> Bool {
        let old = try await scope.rows(
            """
            SELECT id, staging FROM imports WHERE state = 'created' AND created_at < now() - interval '7 days'
                OR state IN ('done', 'failed', 'cancelled', 'reverted') AND coalesce(finished_at, created_at) < now() - interval '30 days'
            ORDER BY id LIMIT 20
            """
        ).map { (id: try $0.uuid(0), staging: try $0.optionalUUID(1)) }
        guard !old.isEmpty else { return false }
        _ = try await scope.limited(to: .seconds(300)).run(
            ["DELETE FROM imports WHERE id = ANY (\(old.map(\.id))::uuid[])"] + old.compactMap(\.staging).map(ImportState.dropping))
        return true
    }
}

/// Statements that promise the work of imports: the queue's jobs are made in another room.
package struct ImportPromises: Sendable {
    let run: @Sendable (UUID) -> SQL
    let revert: @Sendable (UUID) -> SQL

    package init(run: @escaping @Sendable (UUID) -> SQL, revert: @escaping @Sendable (UUID) -> SQL) {
        self.run = run
        self.revert = revert
    }
}
