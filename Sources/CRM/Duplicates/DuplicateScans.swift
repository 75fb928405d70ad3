import Foundation
import Jobs
import Postgres
import Records
import Secrets
import Tenancy

/// Begins looks for duplicates and shows what they have found, as far as the caller may read it.
package struct DuplicateScans: Sendable {
    private let catalog: Catalog
    private let scope: TenantScope
    private let caller: Caller

    package init(_ catalog: Catalog, in scope: TenantScope, for caller: Caller) {
        (self.catalog, self.scope, self.caller) = (catalog, scope, caller)
    }

    /// A page of groups, and the number of the last.
    package struct Page: Sendable {
        package let scan: [JSON.Member]
        package let groups: [JSON]
        package let next: Int?
    }

    /// Begins a look at all records of the type; one that waits or runs is answered instead.
    package func begin(_ body: JSON) async throws -> JSON {
        var errors = (body.members ?? []).filter { $0.name != "type" }.map {
            Problem.FieldError("/\($0.name.pointerToken)", .unknown, "A scan takes type and nothing else.")
        }
        let type = body["type"]?.string.flatMap { catalog[$0] }
        if body["type"] == nil {
            errors.append(.init("/type", .required, "Say which records, such as contacts."))
        } else if body["type"]?.string == nil {
            errors.append(.init("/type", .type, "This is the name of a record type."))
        } else if type?.operations.contains(.merge) != true {
            errors.append(.init("/type", .reference, "There is no record type of this name whose records can be merged."))
        }
        guard errors.isEmpty, let type else { throw Problem.invalid(errors) }
        guard caller.rights[type.name].read != .none else { throw Problem(.forbidden, "Your role may not read \(type.name).") }
        let id = UUID.v7()
        let answers = try await scope.run([
            // Its worker is long gone.
            """
            UPDATE duplicate_scans SET state = 'failed', finished_at = now()
            WHERE type = \(type.name) AND state IN ('queued', 'running') AND created_at < now() - interval '2 hours'
            """,
            """
            INSERT INTO duplicate_scans (id, type, created_by_id) VALUES (\(id), \(type.name), \(caller.userID))
            ON CONFLICT (type) WHERE state IN ('queued', 'running') DO NOTHING
            """,
            .enqueue(DuplicateScan(id), key: id.text),
            Self.scan(where: "type = \(type.name) AND state IN ('queued', 'running')"),
        ])
        guard let row = answers[3].first else { throw Problem(.overloaded, "The scan before has just ended; try again.", retryAfter: 1) }
        return .object(try Self.members(row))
    }

    /// The scan with a page of its groups: those whose records the caller may read all. Records that have gone since are left out, and groups
    /// of which one record is left.
    package func get(_ id: UUID, limit: Int, after: Int?) async throws -> Page {
        guard let row = try await scope.rows(Self.scan(where: "id = \(id)")).first, let type = catalog[try row.text(1)],
            caller.rights[type.name].read != .none
        else { throw Problem.notFound }
        let members: SQL = SQL(code: "FROM \(type.table) AS r WHERE r.id = ANY (g.ids) AND r.deleted_at IS NULL")
        let rows = try await scope.rows(
            """
            SELECT g.number, found.ids, g.score, g.reasons
            FROM duplicate_groups AS g CROSS JOIN LATERAL (
                SELECT array_agg(r.id ORDER BY r.id) AS ids, bool_and((\(caller.readable(type))) IS TRUE) AS is_readable \(members)) AS found
            WHERE g.scan_id = \(id) AND g.number > \(after ?? -1)::integer AND cardinality(found.ids) > 1 AND found.is_readable
            ORDER BY g.number LIMIT \(limit + 1)
            """)
        let shown = rows.prefix(limit)
        return Page(
            scan: try Self.members(row), groups: try shown.compactMap { try group($0, of: type) },
            next: rows.count > limit ? try shown.last?.int(0) : nil)
    }

    /// Nil where all that speaks for it stands in fields that the caller does not see.
    private func group(_ row: Row, of type: RecordType) throws -> JSON? {
        let reasons = (try JSON(parsing: row.text(3)).elements ?? []).filter { reason in
            !(reason["fields"]?.elements ?? []).contains { caller.hides($0.string ?? "", of: type) }
        }
        guard !reasons.isEmpty else { return nil }
        return [
            "ids": JSON(try row.texts(1)), "score": .number(try row.text(2)),
            "reasons": JSON(reasons.compactMap { $0["reason"]?.string }),
        ]
    }

    private static func scan(where condition: SQL) -> SQL {
        "SELECT id, type, state, progress FROM duplicate_scans WHERE " + condition
    }

    private static func members(_ row: Row) throws -> [JSON.Member] {
        [
            .init("id", .string(try row.text(0))), .init("type", .string(try row.text(1))), .init("state", .string(try row.text(2))),
            .init("progress", .number(try row.text(3))),
        ]
    }
}
