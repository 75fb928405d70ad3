import Records
import Synchronization

/// The record types of each tenant. Tenants that have added nothing share the built-in ones.
final class Catalogs: Sendable {
    let base: Catalog
    private let shaped = Mutex(Generations<String, Catalog>(capacity: 1_000))

    init(_ base: Catalog) {
        self.base = base
    }

    /// The catalogue of a tenant with this shape (`Shape.column`).
    func catalog(shape text: String?) throws -> Catalog {
        guard let text else { return base }
        if let known = shaped.withLock({ $0[text] }) { return known }
        let catalog = try Shape(parsing: text).applied(to: base)
        shaped.withLock { $0[text] = catalog }
        return catalog
    }
}
