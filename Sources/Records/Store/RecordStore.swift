import Foundation
import Postgres
import Tenancy

/// The records of one type of one tenant, as one caller may see and change them.
///
/// Every call is one unit of work: one flush, one wait. The caller's rights stand in the statements themselves, so what may not be
/// seen is neither counted nor compared.
package struct RecordStore: Sendable {
    package let type: RecordType
    package let catalog: Catalog
    package let scope: TenantScope
    package let caller: Caller

    package init(_ type: RecordType, of catalog: Catalog, in scope: TenantScope, for caller: Caller) {
        self.type = type
        self.catalog = catalog
        self.scope = scope
        self.caller = caller
    }

    /// Which members of a single record are asked for.
    package struct View: Sendable {
        var fields: [String]?
        var includes: [String] = []
        var trash = ListRequest.Trash.without
        var asOf: Moment?

        package init() {}

        /// Reads `fields`, `include`, `trash` and `as_of` of a query; anything else is `malformed`.
        package init(query: [(name: String, value: String)], of type: RecordType, in catalog: Catalog, for caller: Caller) throws(Problem) {
            guard !query.isEmpty else { return }
            for (name, value) in query where !["fields", "include", "trash", "as_of"].contains(name) {
                throw Problem(.malformed, "The parameter \(name.prefix(100)) is not known here; its value was \(value.prefix(100)).")
            }
            let request = try ListRequest(query: query, of: type, in: catalog, for: caller)
            fields = request.fields
            includes = request.includes
            trash = request.trash
            asOf = request.asOf
        }
    }

    /// The record, or `notFound` for what does not exist, is in the trash or may not be read: the same words for all three.
    package func get(_ id: String, _ view: View = View()) async throws -> RecordAnswer {
        guard let id = UUID(text: id) else { throw Problem.notFound }
        let projection = projection(view.fields, view.includes, overflow: view.asOf == nil ? overflow : nil)
        let unit = (view.asOf.map { [$0.hasPassed] } ?? []) + [reading(id, projection, view.trash, view.asOf)]
        let rows = try await answering { () async throws(PostgresError) in try await scope.run(unit, isRepeatable: true) }
        guard let row = rows[unit.count - 1].first else { throw Problem.notFound }
        return try answer(row, projection, status: 200)
    }

    /// The record as a transaction sees it that has changed it, or is about to.
    package func get(_ id: UUID, in transaction: borrowing Transaction) throws -> RecordAnswer {
        let projection = projection()
        guard let row = try transaction.rows(reading(id, projection, .without)).first else { throw Problem.notFound }
        return try answer(row, projection, status: 200)
    }

    /// Refuses with `notFound` what the caller may not read, before anything else is said about it.
    package func find(_ id: String, trash: ListRequest.Trash = .without) async throws {
        var view = View()
        view.trash = trash
        view.fields = []
        _ = try await get(id, view)
    }

    /// The records for which a condition on `r` holds, the trash included, as rows of one JSON document each.
    package func documents(where condition: SQL) -> SQL {
        "SELECT " + projection().json() + " FROM " + source(nil) + " AS r WHERE (" + condition + ")" + self.condition(.include)
            + " ORDER BY r.id"
    }

    func reading(_ id: UUID, _ projection: Projection, _ trash: ListRequest.Trash, _ moment: Moment? = nil) -> SQL {
        "SELECT " + projection.columns() + " FROM " + source(moment) + " AS r WHERE r.id = \(id)" + condition(trash)
    }

    /// - Parameter overflow: given where records are read that may lie beyond a limit; what was written just now does not.
    func projection(_ fields: [String]? = nil, _ includes: [String] = [], overflow: Overflow? = nil) -> Projection {
        Projection(
            type, for: caller, only: fields, includes: type.includes(includes, in: catalog, for: caller, scope.entitlements),
            overflow: overflow?.condition())
    }

    /// What the records are read from: their table, or what it was at a moment.
    func source(_ moment: Moment?) -> SQL {
        moment.map { Past(type: type, moment: $0, caller: caller).relation } ?? SQL(code: type.table)
    }

    /// ` AND ...`: in or out of the trash, and within the caller's reach.
    func condition(_ trash: ListRequest.Trash) -> SQL {
        let place: SQL =
            switch trash {
            case .without: " AND r.deleted_at IS NULL"
            case .include: ""
            case .only: " AND r.deleted_at IS NOT NULL"
            }
        return caller.readsAll(type) ? place : place + " AND " + caller.readable(type)
    }

    func answer(_ row: Row, _ projection: Projection, status: Int) throws -> RecordAnswer {
        var body: [UInt8] = []
        body.reserveCapacity(1_024)
        projection.encode(row, into: &body)
        return RecordAnswer(status: status, version: try row.int(1), id: try row.text(0), body: body)
    }
}
