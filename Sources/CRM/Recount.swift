import Postgres
import Records
import Tenancy

/// Counts from the rows themselves what `usage` says, and puts it right where it differs: after a migration beside servers of an older
/// version, after work by hand, or to be sure.
package struct Recount: Sendable {
    /// A number that was wrong.
    package struct Drift: Sendable, Hashable {
        package let resource: String
        package let was: Int
        package let found: Int
    }

    private let installation: Installation

    package init(_ installation: Installation) {
        self.installation = installation
    }

    /// Right while others write: with all of a tenant's numbers locked nobody commits a change of them, and whoever is about to adds to what
    /// was found. Writers wait as long as the counting takes.
    ///
    /// What begins anew each month is counted by nothing else than its number.
    ///
    /// Where the tenant is within its limits again, reads stop looking for what is beyond them.
    package func run(_ tenant: Tenant) async throws -> [Drift] {
        let scope = try installation.directory.scope(for: tenant).limited(to: .seconds(300))
        let drifts = try await scope.transaction { transaction in
            // The tenant's own types stay as they are meanwhile.
            let plurals = try transaction.flush([
                SchemaChange.lock, "SELECT plural FROM custom_objects WHERE deleted_at IS NULL",
            ])[1].map { try $0.text(0) }
            let counts = Self.counts(plurals)
            try transaction.flush([
                "INSERT INTO usage (resource, used) SELECT resource, 0 FROM unnest(\(counts.map(\.resource) + [Resource.storage])::text[]) AS known (resource) "
                    + "ORDER BY resource ON CONFLICT DO NOTHING",
                "SELECT FROM usage ORDER BY resource FOR UPDATE", Usage.alone,
            ])
            let found: SQL =
                counts.map { "SELECT \($0.resource)::text AS resource, count(*) AS found FROM \($0.rows)" }
                .joined(separator: " UNION ALL ") + " UNION ALL " + Imports.rooms
                + " UNION ALL SELECT \(Resource.storage)::text, coalesce(sum(size), 0)::bigint FROM attachments WHERE removed_at IS NULL"
            let wrong: SQL = """
                WITH counted AS (SELECT resource, sum(found)::bigint AS found FROM (\(found)) AS each GROUP BY resource), found AS (
                    SELECT resource, found FROM counted
                    UNION ALL SELECT \(Resource.records)::text, sum(found) FROM counted WHERE resource LIKE \(Resource.records(of: "%"))
                )
                SELECT counts.resource, counts.used, coalesce(found.found, 0)::bigint AS found
                FROM \(Usage.rows) AS counts LEFT JOIN found USING (resource)
                WHERE counts.used <> coalesce(found.found, 0) AND counts.month IS NULL ORDER BY counts.resource
                """
            let drifts = try transaction.rows(wrong).map { Drift(resource: try $0.text(0), was: try $0.int(1), found: try $0.int(2)) }
            // What the slots hold goes into one row again.
            try transaction.flush([
                """
                UPDATE usage SET used = counts.used + coalesce(wrong.found - wrong.was, 0)
                FROM \(Usage.rows) AS counts
                    LEFT JOIN unnest(\(drifts.map(\.resource))::text[], \(drifts.map(\.was))::bigint[], \(drifts.map(\.found))::bigint[])
                        AS wrong (resource, was, found) USING (resource)
                WHERE usage.resource = counts.resource AND usage.month IS NULL AND usage.used <> counts.used + coalesce(wrong.found - wrong.was, 0)
                """,
                "DELETE FROM usage_slots",
            ])
            return drifts
        }
        try await relax(tenant, scope)
        return drifts
    }

    private func relax(_ tenant: Tenant, _ scope: TenantScope) async throws {
        guard !tenant.tightened.isEmpty else { return }
        let used = try await scope.rows("SELECT resource, \(Usage.used) FROM \(Usage.rows) AS counted").map {
            (try $0.text(0), try $0.int(1))
        }
        let beyond = used.filter { resource, used in scope.limits[resource].map { used > $0 } ?? false }.map(\.0)
        try await installation.lifecycle.relax(tenant, except: tenant.tightened.intersection(beyond))
    }

    /// What stands after FROM, by resource.
    private static func counts(_ plurals: [String]) -> [(resource: String, rows: SQL)] {
        let builtIn = RecordTypes.builtIn.counted.map { (Resource.records(of: $0.name), SQL(code: "\($0.table) WHERE deleted_at IS NULL")) }
        let own: [(String, SQL)] = plurals.map {
            (Resource.records(of: $0), "\(identifier: CustomTable(plural: $0).name) WHERE deleted_at IS NULL")
        }
        return [
            (Resource.users, Users.counted), (Resource.apiKeys, APIKeys.counted), (Resource.customFields, CustomFields.counted),
            (Resource.customObjects, CustomObjects.counted), (Resource.activeReminders, Reminders.counted),
        ] + builtIn + own
    }
}
