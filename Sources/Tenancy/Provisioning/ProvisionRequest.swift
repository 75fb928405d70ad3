import Foundation
import Postgres

/// An order for a new tenant.
package struct ProvisionRequest: Sendable {
    package var slug: String
    package var name: String
    /// Nil for the installation's default.
    package var plan: String?
    /// Nil for the open cell that is least full.
    package var cell: String?
    package var admin: Admin
    package var blueprint: String?
    /// The tenant's first settings: a JSON object.
    package var settings: String?
    package var isTest: Bool
    /// With a number the tenant begins in trial, without one it is active at once.
    package var trialDays: Int?
    /// The first person's id, when it is known already.
    package var adminID: UUID?
    /// Digest of everything the order says: the same again is the same order, another is a conflict.
    package var fingerprint: [UInt8]

    /// The first person, who may do everything.
    package struct Admin: Sendable, Hashable {
        package var email: String
        package var name: String
        /// As `PasswordHash.text`; nil for someone who is to be invited.
        package var passwordHash: String?

        package init(email: String, name: String, passwordHash: String? = nil) {
            self.email = email
            self.name = name
            self.passwordHash = passwordHash
        }
    }

    package init(
        slug: String, name: String, plan: String? = nil, cell: String? = nil, admin: Admin, blueprint: String? = nil,
        settings: String? = nil,
        isTest: Bool = false, trialDays: Int? = nil, fingerprint: [UInt8]
    ) {
        self.slug = slug
        self.name = name
        self.plan = plan
        self.cell = cell
        self.admin = admin
        self.blueprint = blueprint
        self.settings = settings
        self.isTest = isTest
        self.trialDays = trialDays
        self.fingerprint = fingerprint
    }
}

/// What whoever fills a fresh schema gets to know.
package struct NewTenant: Sendable {
    package internal(set) var tenant: Tenant
    /// The id the first person will have.
    package let adminID: UUID
    package let admin: ProvisionRequest.Admin
    package let settings: String?
    /// Seals what the settings hold of secrets.
    package let key: TenantKey
}

/// Answers with the statements that fill a fresh schema. They run with the tenant's role and search path, in the transaction that builds it.
package typealias Seed = @Sendable (NewTenant) throws -> [SQL]

/// Who wants something done to a tenant, and why: what the audit keeps.
package struct Instruction: Sendable {
    /// `operator:<name>`, `system`, `command line`.
    package var actor: String
    package var reason: String?
    package var requestID: String?

    package init(actor: String, reason: String? = nil, requestID: String? = nil) {
        self.actor = actor
        self.reason = reason
        self.requestID = requestID
    }
}
