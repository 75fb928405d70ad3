import Blobs
import Postgres
import Schema

/// What an installation needs to know before it connects.
package struct InstallationSettings: Sendable {
    /// The owner's way to the database of the control schema: a role with CREATEROLE that owns the database; no superuser is needed.
    package var ownerURL: String
    /// At least 32 random bytes that every process of the installation shares; nil to let the control schema keep one.
    package var key: [UInt8]?
    /// The key from before a change, as long as something may be sealed with it.
    package var formerKey: [UInt8]?
    package var applicationName = "tenantry"
    package var connectTimeout: Duration = .seconds(5)
    /// For tenants' requests, per cell.
    package var api = PoolSettings(name: "api", connections: 4, gathersReads: true)
    /// For tenants' longer work, per cell.
    package var work = PoolSettings(name: "work", connections: 4)
    /// For the directory and the operators.
    package var control = PoolSettings(name: "control", connections: 2)
    /// For migration, per cell.
    package var migration = PoolSettings(name: "migration", connections: 2, waitDeadline: .seconds(60))
    /// For new tenants' schemas, per cell. Fifty ordered at once stand in line here: making one takes a processor of the database's for a
    /// tenth of a second, and those who are being served need the others.
    package var provisioning = PoolSettings(name: "provisioning", connections: 1, waitDeadline: .seconds(60))
    /// How many schemas stand ready for new tenants in each cell; see `SparesKeeper`.
    package var spares = 0
    /// For the queue of jobs, per cell; only processes that work connect.
    package var queue = PoolSettings(name: "queue", connections: 3)
    /// How long a statement of a tenant may run unless its scope says otherwise.
    package var timeLimit: Duration = .seconds(10)
    /// From how long on a tenant's statement is written down for operators.
    package var slowStatement: Duration = .seconds(1)
    /// What a tenant gets whose order names no plan; nil for what the installation itself keeps, see `PlanList.setDefault`.
    package var defaultPlan: String?
    /// The plans that the program itself brings; a migration makes new versions of those that have changed.
    package var plans: [String: PlanTerms] = [:]
    /// The blueprints that the program brings: the JSON of each, by name.
    package var blueprints: [String: [UInt8]] = [:]
    /// What fills a new tenant's schema with its first rows; the record types' room knows.
    package var seed: Seed = { _ in [] }
    /// Where bytes are kept that are too many for the database. Connects when the first is asked for.
    package var blobs: any BlobStore = DirectoryStore("/var/lib/tenantry/blobs")
    /// How long a tenant whose trial has ended, or that has not paid, goes on working.
    package var grace: Duration = .seconds(14 * 86_400)
    /// On what terms tenants are billed.
    package var billing = BillingTerms()
    /// How often the directory asks what has changed; notifications come before that.
    package var pollInterval: Duration = .seconds(1)
    /// How long changes of a schema try to get their locks.
    package var locks = LockPatience()
    package var schema: SchemaFiles = .embedded

    package init(ownerURL: String) {
        self.ownerURL = ownerURL
    }

    var ownerConnection: ConnectionSettings {
        ConnectionSettings(url: ownerURL, applicationName: applicationName, connectTimeout: connectTimeout)
    }
}
