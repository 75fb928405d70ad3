import Foundation
import Postgres

/// A firm that rents an account, as the directory knows it: everything that decides whether and where a request goes.
package struct Tenant: Sendable, Hashable {
    package let id: UUID
    package let slug: String
    package let name: String
    package let state: TenantState
    package let plan: PlanKey
    /// What was agreed with this tenant beside its plan.
    package let overrides: Overrides
    /// Resources whose limit has come down since the tenant was last within all of them.
    package let tightened: Set<String>
    package let cell: String
    /// How far its schema has been migrated; 0 until it is built.
    package let schemaVersion: Int
    /// Test tenants have a clock that can be set. Decided at provisioning, for good.
    package let isTest: Bool
    package let blueprint: String?
    /// Why its schema could not be migrated; until that is mended nobody is let in.
    package let quarantinedReason: String?
    package let adminID: UUID
    package let adminEmail: String
    package let createdAt: Date
    package let changedAt: Date
    package let trialEndsAt: Date?
    /// When a tenant that is past due is suspended; nil: when someone says so.
    package let graceEndsAt: Date?
    package let deletionDueAt: Date?
    package let deletedAt: Date?
    /// The cell that it is on its way to.
    package let movingTo: String?
    /// Since when nothing is written, for the last part of that way.
    package let writesPausedAt: Date?
    /// Where its tables are: `s_1f2e3d4c` if the schema stood ready, `t_acme` if it was made for the tenant. Until its cell has built it, the latter.
    package private(set) var schema: String
    /// Who owns them: `s_1f2e3d4c` or `t_acme_5a6b7c8d`. The digits tell apart what the databases of a server share.
    package private(set) var role: String
    /// Whose names a prepared statement was resolved in: `t_acme@12`.
    package private(set) var namespace: String
    /// The same tenant prefers the same connection: a stable number made from its slug.
    package let affinity: Int

    /// The columns of `control.tenants` that `init(_:)` reads, in its order.
    static let columns: SQL = """
        id, slug, name, state, plan, plan_version, overrides, cell, schema_version, test, blueprint, quarantined_reason,
        admin_id, admin_email, created_at, changed_at, trial_ends_at, deletion_due_at, deleted_at, tightened,
        grace_ends_at, moving_to, writes_paused_at, schema_name, role_name
        """

    /// How many they are: what a query selects behind them comes here.
    static let columnCount = 25

    init(_ row: Row) throws(PostgresError) {
        id = try row.uuid(0)
        slug = try row.text(1)
        name = try row.text(2)
        let word = try row.text(3)
        guard let state = TenantState(rawValue: word) else { throw .unexpected("A tenant is in the unknown state \"\(word)\".") }
        self.state = state
        plan = PlanKey(name: try row.text(4), version: try row.int(5))
        overrides = try Overrides(parsing: row.text(6))
        cell = try row.text(7)
        schemaVersion = try row.int(8)
        isTest = try row.bool(9)
        blueprint = row.optionalText(10)
        quarantinedReason = row.optionalText(11)
        adminID = try row.uuid(12)
        adminEmail = try row.text(13)
        createdAt = try row.date(14)
        changedAt = try row.date(15)
        trialEndsAt = try row.optionalDate(16)
        deletionDueAt = try row.optionalDate(17)
        deletedAt = try row.optionalDate(18)
        tightened = Set(try row.texts(19))
        graceEndsAt = try row.optionalDate(20)
        movingTo = row.optionalText(21)
        writesPausedAt = try row.optionalDate(22)
        schema = try row.text(23)
        role = try row.text(24)
        namespace = "\(schema)@\(schemaVersion)"
        affinity = Self.stableHash(slug)
    }

    /// The same under the names that its cell has for it.
    func living(in names: SchemaNames) -> Tenant {
        var tenant = self
        tenant.schema = names.schema
        tenant.role = names.role
        tenant.namespace = "\(names.schema)@\(schemaVersion)"
        return tenant
    }

    /// FNV-1a: the same in every process and on every day, unlike `Hasher`.
    private static func stableHash(_ text: String) -> Int {
        let hash = text.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return Int(hash >> 1)
    }
}

extension UUID {
    /// Of a version 7 these are random bits: enough to tell names apart.
    var lastEightDigits: String { String(uuidString.suffix(8)).lowercased() }
}
