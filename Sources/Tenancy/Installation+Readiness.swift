import Postgres

extension Installation {
    /// Why requests cannot be served now, in a sentence; nil when the database answers and the schemas that all tenants share are those of
    /// this binary. A single tenant's schema may be behind: that closes only this tenant.
    package func hindrance() async -> String? {
        do {
            let answer = try await control.rows(
                """
                SELECT (SELECT max(number) FROM migrations) >= \(settings.schema.control.latest)
                    AND NOT EXISTS (SELECT FROM cells WHERE schema_version < \(settings.schema.cell.latest))
                """)
            return try answer.first?.optionalBool(0) ?? false ? nil : "The database is of an older version; run `tenantry migrate`."
        } catch let error where error.refusal?.state == .undefinedTable {
            return "The database has not been migrated yet; run `tenantry migrate`."
        } catch {
            return "The database does not answer."
        }
    }
}
