import Foundation
import Postgres
import Tenancy

/// A tenant's changes as they happen, as far as one caller may know of them.
package struct ChangeEvents: Sendable {
    private let catalog: Catalog
    private let scope: TenantScope
    private let caller: Caller

    package init(of catalog: Catalog, in scope: TenantScope, for caller: Caller) {
        self.catalog = catalog
        self.scope = scope
        self.caller = caller
    }

    package struct Event: Sendable {
        /// Where to go on after it.
        package let cursor: EventCursor
        package let data: JSON
    }

    package struct Page: Sendable {
        package let events: [Event]
        /// Where to go on: behind what the caller may not know, too.
        package let cursor: EventCursor
        /// Whether more is there already.
        package let hasMore: Bool
    }

    /// How many rows of the change log are in memory at a time.
    static let pageSize = 500

    /// What happens from now on.
    package func now() async throws -> EventCursor {
        guard let text = try await scope.rows("SELECT pg_current_snapshot()::text").first?.text(0), let seen = Snapshot(text) else {
            throw PostgresError.unexpected("PostgreSQL has no snapshot.")
        }
        return EventCursor(seen: seen)
    }

    /// What has been committed since. Refuses with `.cursor` one that another database has given.
    package func page(after cursor: EventCursor) async throws -> Page {
        let rows = try await scope.rows(statement(cursor))
        guard let first = rows.first, let moment = Snapshot(try first.text(0)) else {
            throw PostgresError.unexpected("PostgreSQL has no snapshot.")
        }
        guard cursor.seen.next <= moment.next else { throw EventCursor.unknown }
        // The rest of what was begun lies before the moment at which it was begun.
        let until = cursor.partly?.until ?? moment
        var last = cursor
        var events: [Event] = []
        for row in rows.prefix(Self.pageSize) where !row.isNull(1) {
            guard let transaction = UInt64(try row.text(1)) else { throw PostgresError.unexpected("A transaction has no number.") }
            last = EventCursor(seen: cursor.seen, partly: .init(until: until, transaction: transaction, id: try row.uuid(2)))
            guard try row.bool(3) else { continue }
            events.append(Event(cursor: last, data: try Self.data(row)))
        }
        let isFull = rows.count > Self.pageSize
        let next = isFull ? last : EventCursor(seen: until)
        return Page(events: events, cursor: next, hasMore: isFull || cursor.partly != nil)
    }

    private static func data(_ row: Row) throws -> JSON {
        let actor: JSON = row.isNull(9) ? .null : ["type": JSON(row.optionalText(8)), "id": JSON(row.optionalText(9))]
        return [
            "type": .string(try row.text(4)), "id": .string(try row.text(5)), "version": JSON(try row.int(6)),
            "action": .string(try row.text(7)), "actor": actor,
        ]
    }

    /// One statement, so the moment it tells is that of what it reads. The index over transactions gives the rows in order, beginning with
    /// the oldest transaction that was running when the cursor was made.
    private func statement(_ cursor: EventCursor) -> SQL {
        var condition: SQL = """
            c.transaction >= pg_snapshot_xmin(\(cursor.seen.text)::text::pg_snapshot)
            AND NOT pg_visible_in_snapshot(c.transaction, \(cursor.seen.text)::text::pg_snapshot)
            """
        if let part = cursor.partly {
            condition += """
                 AND pg_visible_in_snapshot(c.transaction, \(part.until.text)::text::pg_snapshot)
                AND (c.transaction, c.id) > (\(String(part.transaction))::text::xid8, \(part.id)::uuid)
                """
        }
        return """
            WITH moment AS MATERIALIZED (SELECT pg_current_snapshot()::text AS seen)
            SELECT moment.seen, e.transaction::text, e.id, e.is_known, e.type, e.record_id, e.version, e.action, e.actor_type, e.actor_id
            FROM moment LEFT JOIN LATERAL (
                SELECT c.transaction, c.id, \(isKnown) AS is_known, c.type, c.record_id, c.version, c.action, c.actor_type, c.actor_id
                FROM changes AS c WHERE \(condition) ORDER BY c.transaction, c.id LIMIT \(Self.pageSize + 1)
            ) AS e ON true
            ORDER BY e.transaction, e.id
            """
    }

    /// Whether the caller may know of the change `c`. A record deleted for good is no more, so only who may read all of its type hears of it.
    private var isKnown: SQL {
        let cases = catalog.types.filter { caller.rights[$0.name].read != .none }.map { type -> SQL in
            if caller.readsAll(type) { return SQL(code: " WHEN '\(type.name)' THEN true") }
            return SQL(code: " WHEN '\(type.name)' THEN EXISTS (SELECT FROM \(type.table) AS r WHERE r.id = c.record_id AND ")
                + caller.readable(type) + ")"
        }
        guard !cases.isEmpty else { return "false" }
        return "CASE c.type" + cases.joined(separator: "") + " ELSE false END"
    }
}
