import CRM
import Foundation
import Logging
import Postgres
import Settings
import Tenancy

extension Installation {
    /// The installation that the settings describe; connects to nothing yet. Refuses without `database_url`.
    convenience init(_ settings: Settings, log: Logger) throws {
        guard let url = settings.databaseURL else {
            throw Refusal(
                "No database is named. Set it with `-- database_url=postgresql://...` or TENANTRY_DATABASE_URL, or try `tenantry dev`.",
                .wrongSettings)
        }
        var installation = InstallationSettings(ownerURL: url)
        installation.key = settings.secretKey.map { Array($0.utf8) }
        installation.formerKey = settings.formerSecretKey.map { Array($0.utf8) }
        installation.api = pool("api", settings, connections: settings.poolConnections)
        installation.api.gathersReads = true
        installation.work = pool("work", settings, connections: settings.poolExclusiveConnections)
        installation.control = pool("control", settings, connections: 2)
        installation.migration = pool("migration", settings, connections: settings.poolMigrationConnections)
        installation.migration.waitDeadline = .seconds(300)
        installation.queue = pool("queue", settings, connections: 3)
        installation.provisioning = pool("provisioning", settings, connections: settings.poolProvisioningConnections)
        // Many tenants ordered at once stand in line here.
        installation.provisioning.waitDeadline = .seconds(300)
        installation.spares = settings.poolSpareTenants
        installation.timeLimit = settings.statementTime
        installation.defaultPlan = settings.isSet(\.defaultPlan) ? settings.defaultPlan : nil
        installation.grace = settings.tenantGrace
        installation.seed = FirstRows.seed
        installation.plans = try BuiltInPlans.read()
        installation.billing = BillingTerms(settings)
        installation.blueprints = try BlueprintFiles.builtIn().mapValues { Array($0) }
        installation.blobs = try BlobStores.configured(settings)
        self.init(installation, log: log)
    }

    /// Runs `body` and disconnects, whatever happens.
    static func use<Answer: Sendable>(_ settings: Settings, log: Logger, _ body: (Installation) async throws -> Answer) async throws
        -> Answer
    {
        let installation = try Installation(settings, log: log)
        do {
            let answer = try await body(installation)
            await installation.close()
            return answer
        } catch {
            await installation.close()
            throw error
        }
    }
}

extension BillingTerms {
    /// What the settings say about invoices.
    init(_ settings: Settings) {
        self.init()
        seller = (settings.billingSeller ?? "").split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        sellerTaxID = settings.billingSellerTaxID
        country = settings.billingCountry
        taxRates = Dictionary(settings.billingTaxRates.compactMap(Self.taxRate).map { ($0.country, $0.rate) }) { _, last in last }
        numberPrefix = settings.billingNumberPrefix ?? ""
        paymentDays = settings.billingPaymentDays
        note = settings.billingNote
    }
}

private func pool(_ name: String, _ settings: Settings, connections: Int) -> PoolSettings {
    var pool = PoolSettings(name: name, connections: connections)
    pool.waitDeadline = settings.poolWait
    pool.maximumLifetime = settings.poolLifetime
    pool.maximumNamespaces = settings.poolNamespaces
    pool.maximumStatements = settings.poolStatements
    pool.unitsInFlight = settings.poolUnitsInFlight
    pool.preparesStatements = settings.preparedStatements
    return pool
}
