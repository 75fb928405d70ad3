import Postgres
import Tenancy

extension Installation {
    /// Migrated and started for the time of `body`, as one process of it.
    package func running<T>(_ body: (Installation) async throws -> T) async throws -> T {
        do {
            _ = try await migrate()
            try await start()
            let result = try await body(self)
            await close()
            return result
        } catch {
            await close()
            throw error
        }
    }

    /// What no verb does: any state at once, with the dates that it needs.
    package func put(_ slug: String, in state: TenantState) async throws {
        let pool = ExclusivePool(ConnectionSettings(url: settings.ownerURL), PoolSettings(name: "put", connections: 1))
        do {
            try await pool.outsideTransaction([
                """
                UPDATE control.tenants SET state = \(state.rawValue), changed_at = clock_timestamp(),
                    deletion_due_at = CASE WHEN \(state == .deletionScheduled) THEN now() + interval '1 hour' END,
                    deleted_at = CASE WHEN \(state == .deleted) THEN now() END
                WHERE slug = \(slug)
                """
            ])
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
        try await directory.refresh()
    }
}
