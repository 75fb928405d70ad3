import Foundation
import Postgres
import Records
import Synchronization
import Tenancy

/// The record types of tenants as one process last saw them, so that a statement can be made without asking for them first. Whoever uses it
/// asks in that statement whether they are still the same.
final class KnownShapes: Sendable {
    private let base: Catalog
    /// Of tenants that have added something.
    private let known = Mutex<[UUID: Catalog]>([:])
    private static let most = 1_000

    init(_ base: Catalog) { self.base = base }

    func catalog(of tenant: Tenant) -> Catalog { known.withLock { $0[tenant.id] } ?? base }

    /// What `Shape.column` selected; nil when that is what was known.
    func learn(_ shape: String?, of tenant: Tenant, insteadOf former: Catalog) throws -> Catalog? {
        guard (shape ?? "") != former.shape else { return nil }
        let catalog = try shape.map { try Shape(parsing: $0).applied(to: base) }
        known.withLock { known in
            // Forgotten as a whole now and then: each costs one more question.
            if known.count >= Self.most { known = [:] }
            known[tenant.id] = catalog
        }
        return catalog ?? base
    }

    func read(_ scope: TenantScope) async throws -> Catalog {
        let shape = try await scope.rows("SELECT \(Shape.column)").first?.optionalText(0)
        let former = catalog(of: scope.tenant)
        return try learn(shape, of: scope.tenant, insteadOf: former) ?? former
    }
}
