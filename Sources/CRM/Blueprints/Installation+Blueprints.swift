import Records
import Tenancy

extension Installation {
    /// Refuses with `.planLimit` a blueprint for which the plan that a new tenant would get leaves no room.
    package func refuseBeyondPlan(_ blueprint: Blueprint, _ plan: String?) async throws {
        guard let name = plan ?? settings.defaultPlan, let newest = try await plans.versions(of: name).first else { return }
        try BlueprintWork.refuseBeyondPlan(blueprint, newest)
    }

    /// Gives a new tenant what its order names, once: what its people have removed since stays removed.
    package func furnish(_ tenant: Tenant, with blueprint: Blueprint, _ base: Catalog, by instruction: Instruction) async throws {
        guard tenant.state.allowsWrites, tenant.quarantinedReason == nil,
            try await !appliedBlueprints.names(of: tenant.id).contains(blueprint.name)
        else { return }
        _ = try await BlueprintWork(blueprint, for: tenant, in: self, base).apply(by: instruction)
    }
}
