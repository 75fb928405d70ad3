import CRM
import Foundation
import Logging
import Records
import Secrets
import Tenancy

/// What the parts of the server share: the installation, who may enter, and the record types.
struct House: Sendable {
    let installation: Installation
    let settings: ServerSettings
    let catalogs: Catalogs
    /// The built-in record types.
    var catalog: Catalog { catalogs.base }
    let passwords = PasswordPolicy()
    let principals = PrincipalCache()
    let door: Door
    let signIn: SignIn
    let turnstile: Turnstile
    /// What tenants may be furnished with.
    let blueprints: Blueprints
    let events: EventHub
    /// The files of the web application.
    let assets: Assets
    let logger: Logger

    /// `more` are record types beside the product's own: what a test adds.
    init(_ installation: Installation, settings: ServerSettings, adding more: [RecordType] = [], logger: Logger) {
        self.installation = installation
        self.settings = settings
        self.logger = logger
        assets = Assets(folder: settings.webFolder)
        events = EventHub(limit: settings.eventConnections)
        let (policy, cost) = (passwords, settings.scryptCost)
        let base = RecordTypes.catalog { password throws(Problem) in
            if let refusal = policy.refusal(password, at: "/password") { throw Problem.invalid([refusal]) }
            return await PasswordHash.of(password, cost: cost).text
        }
        catalogs = Catalogs(more.isEmpty ? base : Catalog(base.types + more, following: base.following))
        door = Door(
            directory: installation.directory, operators: installation.operators, grants: installation.grants, principals: principals,
            catalogs: catalogs,
            baseDomain: settings.baseDomain,
            cookie: SessionCookie(isSecure: settings.isSecure))
        signIn = SignIn(installation, settings: settings)
        do { blueprints = try Blueprints(installation.settings.blueprints) } catch {
            // They come with the program, and a test reads them all.
            fatalError("\(error)")
        }
        turnstile = Turnstile(limiter: installation.rates, calls: installation.calls)
    }
}
