import Foundation
import Postgres
import Tenancy

/// What one merge will write, made before its transaction from records that are read once: nobody waits under locks while it is made.
struct MergePlan: Sendable {
    let order: MergeOrder
    let store: RecordStore
    /// By id: the version of each record that the plan was made from.
    let versions: [String: Int]
    /// The winner takes what it is given.
    let taking: PlannedWrite

    /// Refuses with `notFound` where the caller may not read the winner, with `forbidden` where one of the records is not the caller's to
    /// write or to delete, and with `invalid` for a loser that is not there.
    init(_ order: MergeOrder, in store: RecordStore, _ ifMatch: Precondition?, _ repeatable: RepeatableRequest?) async throws {
        let states = try await Self.states(order, store, repeatable)
        try Self.refuse(order, states, store.type)
        let values = MergedValues(type: store.type, caller: store.caller, order: order, fields: states.mapValues(\.fields))
        let known = try await Self.known(values.mentioned, store)
        self.order = order
        self.store = store
        versions = states.mapValues(\.version)
        taking = try await Self.choosing(store.type) {
            let draft = try Draft(restoring: values.changes(known.contains))
            return try await store.change(of: order.winner, by: draft, ifMatch: ifMatch, isWithinLimit: true)
        }
    }

    private struct State: Sendable {
        let version: Int
        let fields: JSON
        let canUpdate: Bool
        let canDelete: Bool
    }

    /// How the records stand, those that the caller may read.
    private static func states(_ order: MergeOrder, _ store: RecordStore, _ repeatable: RepeatableRequest?) async throws -> [String: State]
    {
        let (type, caller) = (store.type, store.caller)
        let rights = caller.rights[type.name]
        let reading: SQL =
            SQL(code: "SELECT r.id, r.version, \(type.loggedJSON("r")), ")
            + "\(caller.within(rights.update)) IS TRUE, \(caller.within(rights.delete)) IS TRUE"
            + SQL(code: " FROM \(type.table) AS r WHERE r.id = ANY (") + "\([order.winner] + order.losers)::uuid[])"
            + store.condition(.without)
        let answers = try await store.scope.run((repeatable?.claim ?? []) + [reading])
        var states: [String: State] = [:]
        for row in answers[answers.count - 1] {
            states[try row.text(0)] = State(
                version: try row.int(1), fields: try JSON(parsing: row.text(2)), canUpdate: try row.bool(3), canDelete: try row.bool(4))
        }
        return states
    }

    private static func refuse(_ order: MergeOrder, _ states: [String: State], _ type: RecordType) throws(Problem) {
        guard let winner = states[order.winner] else { throw Problem.notFound }
        guard winner.canUpdate else { throw Problem(.forbidden, "Your role may read this \(type.singular) but not change it.") }
        let absent = order.losers.enumerated().filter { states[$0.element] == nil }.map {
            Problem.FieldError("/from/\($0.offset)", .reference, "There is no such record.")
        }
        guard absent.isEmpty else { throw .invalid(absent) }
        guard order.losers.allSatisfy({ states[$0].map { $0.canUpdate && $0.canDelete } ?? false }) else {
            throw Problem(.forbidden, "Your role may not change and delete all of the \(type.name) in from.")
        }
    }

    /// Which of the records can be referred to by the caller.
    private static func known(_ mentioned: [String: Set<String>], _ store: RecordStore) async throws -> Set<String> {
        let queries = mentioned.filter { !$0.value.isEmpty }.compactMap { name, ids -> SQL? in
            guard let type = store.catalog[name] else { return nil }
            return SQL(code: "SELECT r.id FROM \(type.table) AS r WHERE r.deleted_at IS NULL AND r.id = ANY (")
                + "\(ids.sorted())::uuid[]) AND "
                + store.caller.readable(type)
        }
        guard !queries.isEmpty else { return [] }
        return Set(try await store.scope.run(queries, isRepeatable: true).joined().map { try $0.text(0) })
    }

    /// Says of a refused value that another choice would do.
    static func choosing<T>(_ type: RecordType, _ work: () async throws -> T) async throws -> T {
        do {
            return try await work()
        } catch var problem as Problem {
            for (index, error) in problem.errors.enumerated() {
                let field = (type.fields + type.customFields).last {
                    error.pointer == $0.pointer || error.pointer.hasPrefix($0.pointer + "/")
                }
                if let field { problem.errors[index].pointer = "/choose/\(field.path)" }
            }
            throw problem
        }
    }
}
