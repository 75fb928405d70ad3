import Records
import Tenancy

extension Plan {
    /// As operators see it.
    package var document: JSON {
        [
            "name": .string(key.name), "version": JSON(key.version), "limits": .object(terms.limits.mapValues { JSON($0) }.members),
            "rates": .object(terms.rates.mapValues { JSON($0) }.members),
            "features": .object(terms.features.mapValues { .bool($0) }.members), "price": terms.price.document,
        ]
    }
}
