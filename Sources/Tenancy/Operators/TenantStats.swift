import Foundation
import Postgres

/// How much each tenant takes of its cell, and what took long for it.
package struct TenantStats: Sendable {
    let control: Control
    let cells: Cells

    package struct Row: Sendable, Hashable {
        package let slug: String
        package let cell: String
        /// Tables, indexes and the like in its schema.
        package let relations: Int
        /// Live rows as PostgreSQL counts them, which may lag by moments.
        package let rows: Int
        /// Of tables with their indexes; in the list of all as PostgreSQL last counted it.
        package let bytes: Int
        /// How many statements took long within a day.
        package let slow: Int
        /// When its people or programs last asked for anything, to a few seconds; nil when not within forty days.
        package let lastActive: Date?
    }

    package struct Slow: Sendable, Hashable {
        package let at: Date
        package let milliseconds: Int
        package let statement: String
    }

    /// Every tenant that has a schema, by slug; or the one.
    package func all(only slug: String? = nil) async throws -> [Row] {
        let known = try await control.rows(
            """
            SELECT t.slug,
                (SELECT count(*) FROM slow_statements AS s WHERE s.tenant_id = t.id AND s.at > now() - interval '1 day'),
                (SELECT a.last_at FROM api_calls AS a WHERE a.tenant_id = t.id ORDER BY a.day DESC LIMIT 1)
            FROM tenants AS t WHERE \(slug)::text IS NULL OR t.slug = \(slug)::text
            """)
        let figures = try Dictionary(
            uniqueKeysWithValues: known.map { (try $0.text(0), (slow: try $0.int(1), last: try $0.optionalDate(2))) })
        var all: [Row] = []
        let bytes = Self.bytes(exactly: slug != nil)
        for cell in cells.all {
            let rows = try await cells.scope(of: cell.name).rows(
                """
                SELECT t.slug, count(c.oid), coalesce(sum(pg_stat_get_live_tuples(c.oid)) FILTER (WHERE c.relkind = 'r'), 0)::bigint, \(bytes)
                FROM tenants AS t JOIN pg_namespace AS n ON n.nspname = t.schema JOIN pg_class AS c ON c.relnamespace = n.oid
                    LEFT JOIN pg_class AS far ON far.oid = c.reltoastrelid
                WHERE \(slug)::text IS NULL OR t.slug = \(slug)::text GROUP BY t.slug
                """, within: .seconds(60), isRepeatable: true)
            for row in rows {
                let slug = try row.text(0)
                all.append(
                    Row(
                        slug: slug, cell: cell.name, relations: try row.int(1), rows: try row.int(2), bytes: try row.int(3),
                        slow: figures[slug]?.slow ?? 0, lastActive: figures[slug]?.last))
            }
        }
        return all.sorted { $0.slug < $1.slug }
    }

    /// Of one tenant by its files. Of all as the catalogue knows it since the last VACUUM or ANALYZE: to look at each of a hundred and sixty
    /// files of a thousand tenants takes ten seconds.
    private static func bytes(exactly: Bool) -> SQL {
        exactly
            ? """
            coalesce(sum(pg_table_size(c.oid)) FILTER (WHERE c.relkind = 'r'), 0)::bigint
                + coalesce(sum(pg_relation_size(c.oid)) FILTER (WHERE c.relkind = 'i'), 0)::bigint
            """
            : """
            sum(current_setting('block_size')::bigint * (coalesce(far.relpages, 0)
                + CASE WHEN c.relkind = 'r' AND c.relpages = 0 AND pg_stat_get_live_tuples(c.oid) > 0 THEN 1 ELSE c.relpages END))::bigint
            """
    }

    /// What took longest for a tenant in the last seven days, the slowest first.
    package func slowest(of slug: String, limit: Int = 20) async throws -> [Slow] {
        try await control.rows(
            """
            SELECT s.at, s.milliseconds, s.statement FROM slow_statements AS s JOIN tenants AS t ON t.id = s.tenant_id
            WHERE t.slug = \(slug) ORDER BY s.milliseconds DESC, s.at DESC LIMIT \(limit)
            """
        ).map { Slow(at: try $0.date(0), milliseconds: try $0.int(1), statement: try $0.text(2)) }
    }
}
