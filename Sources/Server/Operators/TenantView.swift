import CRM
import Foundation
import Postgres
import Records
import Tenancy

/// A tenant as operators see it.
struct TenantView: Sendable {
    let installation: Installation
    let catalog: Catalog

    /// Without counting anything.
    func document(_ tenant: Tenant, usage: JSON = .object([])) throws -> JSON {
        [
            "slug": .string(tenant.slug), "name": .string(tenant.name), "state": .string(tenant.state.rawValue),
            "plan": ["name": .string(tenant.plan.name), "version": JSON(tenant.plan.version)],
            "overrides": try JSON(parsing: tenant.overrides.text),
            "cell": .string(tenant.cell), "schema_version": JSON(tenant.schemaVersion), "test": .bool(tenant.isTest),
            "created_at": .string(tenant.createdAt.apiText), "trial_ends_at": JSON(tenant.trialEndsAt?.apiText),
            "grace_ends_at": JSON(tenant.graceEndsAt?.apiText),
            "deletion_due_at": JSON(tenant.deletionDueAt?.apiText), "maintenance": JSON(tenant.quarantinedReason),
            "admin": ["id": .string(tenant.adminID.text), "email": .string(tenant.adminEmail)], "usage": usage,
        ]
    }

    func documentWithUsage(_ tenant: Tenant) async throws -> JSON {
        try document(tenant, usage: try await usage(of: tenant))
    }

    /// What the tenant has of what its plan limits; nothing for one whose schema cannot be read now.
    private func usage(of tenant: Tenant) async throws -> JSON {
        guard tenant.state.allowsReads, tenant.quarantinedReason == nil else { return .object([]) }
        let scope = try installation.directory.scope(for: tenant)
        return try await UsageReport(of: scope, catalog).summary(scope.entitlements)
    }

    static let schema: JSON = .objectSchema(
        [
            "slug": ["type": "string"], "name": ["type": "string"],
            "state": ["type": "string", "enum": JSON(TenantState.allCases.map(\.rawValue))],
            "plan": .objectSchema(["name": ["type": "string"], "version": ["type": "integer"]], required: ["name", "version"]),
            "overrides": ["type": "object"], "cell": ["type": "string"], "schema_version": ["type": "integer"], "test": ["type": "boolean"],
            "created_at": .timeSchema, "trial_ends_at": ["type": ["string", "null"], "format": "date-time"],
            "grace_ends_at": ["type": ["string", "null"], "format": "date-time"],
            "deletion_due_at": ["type": ["string", "null"], "format": "date-time"], "maintenance": ["type": ["string", "null"]],
            "admin": .objectSchema(["id": .idSchema, "email": ["type": "string"]], required: ["id", "email"]),
            "usage": [
                "type": "object",
                "additionalProperties": .objectSchema(
                    ["used": ["type": "integer"], "max": ["type": ["integer", "null"]]], required: ["used", "max"]),
            ],
        ],
        required: [
            "slug", "name", "state", "plan", "overrides", "cell", "schema_version", "test", "created_at", "trial_ends_at",
            "grace_ends_at", "deletion_due_at", "maintenance", "admin", "usage",
        ])
}
