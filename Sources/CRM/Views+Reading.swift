import Foundation
import Postgres
import Records
import Tenancy

extension Views {
    /// A view as it is kept.
    struct Kept: Sendable {
        let id: String
        let version: Int
        let isSegment: Bool
        let list: StoredList

        static let columns = "r.id, r.version, r.kind = 'segment', r.type, r.conditions, r.sort, r.columns"

        init(_ row: Row) throws {
            id = try row.text(0)
            version = try row.int(1)
            isSegment = try row.bool(2)
            list = StoredList(
                type: try row.text(3), conditions: try JSON(parsing: row.text(4)), sort: row.optionalText(5), columns: try row.texts(6))
        }
    }

    /// Narrows a list to what a view has (`GET /v1/{type}?view=<id>`).
    ///
    /// Refuses with `.notFound` a view that is not there or not the caller's to see, with `.malformed` one of another type, with `.invalid`
    /// one that is broken.
    package static func narrow(_ request: inout ListRequest, to id: String, keepsOrder: Bool, in store: RecordStore) async throws {
        guard let view = try await find(id, in: store) else { throw Problem.notFound }
        guard view.list.type == store.type.name else {
            throw Problem(.malformed, "The parameter view: This view lists \(view.list.type), not \(store.type.name).")
        }
        try request.narrow(
            to: view.list, named: "\(view.id) \(view.version)", keepsOrder: keepsOrder, of: store.type, in: store.catalog, for: store.caller
        )
    }

    /// What a view lists; nil for one that is not there or not the caller's to see.
    static func list(_ id: String, in store: RecordStore) async throws -> StoredList? { try await find(id, in: store)?.list }

    private static func find(_ id: String, in store: RecordStore) async throws -> Kept? {
        guard let id = UUID(text: id) else { return nil }
        let found: SQL =
            SQL(code: "SELECT \(Kept.columns) FROM views AS r WHERE r.id = ") + "\(id) AND r.deleted_at IS NULL AND "
            + store.caller.readable(type)
        return try await store.scope.rows(found).first.map(Kept.init)
    }

    /// Says of each view whether it is broken, and of each segment how many records it has: all in two flushes, however many there are.
    static func completing(_ records: [JSON], _ store: RecordStore) async throws -> [JSON] {
        let ids = records.compactMap { $0["id"]?.string }
        guard records.contains(where: { $0["count"] != nil || $0["broken"] != nil }) else { return records }
        let found = SQL(code: "SELECT \(Kept.columns) FROM views AS r WHERE r.id = ANY (") + "\(ids)::uuid[])"
        let views = try await store.scope.rows(found).map(Kept.init)
        let broken = Dictionary(uniqueKeysWithValues: views.map { ($0.id, $0.list.broken(in: store.catalog, for: store.caller)) })
        let counted = views.filter { view in
            view.isSegment && broken[view.id]?.isEmpty == true && store.caller.rights[view.list.type].read != .none
        }
        let counts = try await counts(of: counted, store)
        return records.map { record in
            let id = record["id"]?.string ?? ""
            return .object(
                (record.members ?? []).map { member in
                    switch member.name {
                    case "count": JSON.Member("count", counts[id].map { JSON($0) } ?? .null)
                    case "broken": JSON.Member("broken", .array((broken[id] ?? []).map(document)))
                    default: member
                    }
                })
        }
    }

    private static func document(_ broken: StoredList.Broken) -> JSON {
        ["pointer": .string(broken.pointer), "field": .string(broken.field)]
    }

    /// The same figures as lists with these conditions, for this caller.
    private static func counts(of views: [Kept], _ store: RecordStore) async throws -> [String: Int] {
        let statements = try views.compactMap { view -> SQL? in
            guard let type = store.catalog[view.list.type] else { return nil }
            let filter = try view.list.filter(in: store.catalog, for: store.caller)
            return RecordStore(type, of: store.catalog, in: store.scope, for: store.caller).counting(filter).prepared(.none)
        }
        guard !statements.isEmpty else { return [:] }
        let answers = try await store.scope.run(statements, isRepeatable: true)
        return try Dictionary(uniqueKeysWithValues: zip(views, answers).map { ($0.id, try $1[0].int(0)) })
    }
}
