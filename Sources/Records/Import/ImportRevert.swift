import Foundation
import Postgres
import Secrets
import Tenancy

/// Takes back what an import did, some hundred records at a time: each has its former values again, but for what people changed since.
package struct ImportRevert: Sendable {
    private let state: ImportState
    private let scope: TenantScope
    private let catalog: Catalog
    private let caller: Caller

    /// So many records in one transaction; so many conflicts are listed.
    private static let page = 500
    private static let listed = 1_000

    package init(_ state: ImportState, of catalog: Catalog, in scope: TenantScope, for caller: Caller) {
        self.state = state
        self.catalog = catalog
        self.caller = caller
        self.scope = scope.limited(to: .seconds(300))
    }

    /// Works until everything is taken back or the deadline has passed.
    package func run(until deadline: ContinuousClock.Instant) async throws -> ImportRun.Outcome {
        guard state.state == "reverting" else { return .ended }
        let staging = try await prepare()
        let table = ImportState.table(staging)
        while ContinuousClock.now < deadline, !Task.isCancelled {
            guard let page = try await nextPage(table) else {
                _ = try await scope.run([
                    "UPDATE imports SET state = 'reverted', staging = NULL WHERE id = \(state.id) AND state = 'reverting'",
                    ImportState.dropping(staging), told,
                ])
                return .ended
            }
            let (id, listed, telling) = (state.id, Self.listed, told)
            let undo = Undo(of: state.id, as: state.id.ofWayBack, catalog, in: scope, for: caller)
            try await undo.run(records: page.ids) { restored, conflicts in
                [
                    """
                    UPDATE imports SET done = done + int8multirange(int8range(\(page.first)::bigint, \(page.last + 1)::bigint)),
                        reverted = reverted + \(restored),
                        conflicts = CASE WHEN jsonb_array_length(conflicts) < \(listed) THEN conflicts || \(conflicts.text)::jsonb ELSE conflicts END
                    WHERE id = \(id) AND state = 'reverting'
                    """, telling,
                ]
            }
        }
        return .unfinished
    }

    private var told: SQL { ImportState.told(state.id, to: scope.tenant.slug) }

    /// The records that the import wrote, the last first, in a table of their own: what refers to others goes before them.
    private func prepare() async throws -> UUID {
        if let staging = state.staging,
            try await scope.rows("SELECT to_regclass(\(ImportState.table(staging).text)) IS NOT NULL")[0].bool(0)
        {
            return staging
        }
        let staging = UUID.v7()
        let table = ImportState.table(staging).text
        _ = try await scope.run([
            ddl("CREATE TABLE \(table) (n bigint PRIMARY KEY, record_id uuid NOT NULL)"),
            SQL(
                code:
                    "INSERT INTO \(table) SELECT row_number() OVER (ORDER BY max(id::text) DESC), record_id FROM changes WHERE operation_id = "
            )
                + "\(state.id) GROUP BY record_id",
            // What an earlier way back has put back is counted anew, and what it left is listed anew.
            "UPDATE imports SET staging = \(staging), done = '{}', reverted = 0, conflicts = '[]' WHERE id = \(state.id)",
        ])
        return staging
    }

    private func nextPage(_ table: SQL) async throws -> (first: Int, last: Int, ids: [String])? {
        let rows = try await scope.rows(
            """
            SELECT n, record_id FROM \(table)
            WHERE n > coalesce((SELECT upper(done) - 1 FROM imports WHERE id = \(state.id)), 0) ORDER BY n LIMIT \(Self.page)
            """)
        guard let first = rows.first, let last = rows.last else { return nil }
        return (try first.int(0), try last.int(0), try rows.map { try $0.text(1) })
    }
}

extension UUID {
    /// What the way back of the import with this id is called in the change log: the same, as a version 8 (RFC 9562, 5.8). It never differs, so
    /// that a second way back knows what the first has done.
    fileprivate var ofWayBack: UUID {
        var bytes = uuid
        bytes.6 = bytes.6 & 0x0F | 0x80
        return UUID(uuid: bytes)
    }
}
