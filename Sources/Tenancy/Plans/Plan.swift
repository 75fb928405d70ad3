import Foundation
import Postgres

/// Which version of which plan.
package struct PlanKey: Sendable, Hashable {
    package let name: String
    package let version: Int
}

/// What a tenant may use and what it pays: one version, which never changes.
package struct Plan: Sendable, Hashable {
    package let key: PlanKey
    package let terms: PlanTerms
    /// What a tenant may use with whom nothing else was agreed.
    let entitlements: Entitlements

    package var limits: [String: Int] { terms.limits }

    static let columns: SQL = "name, version, limits, rates, features, price"

    init(_ row: Row) throws(PostgresError) {
        key = PlanKey(name: try row.text(0), version: try row.int(1))
        terms = PlanTerms(
            limits: try Self.read(row, 2, as: [String: Int?].self).compactMapValues(\.self),
            rates: try Self.read(row, 3, as: [String: Int?].self).compactMapValues(\.self),
            features: try Self.read(row, 4, as: [String: Bool].self), price: try Self.read(row, 5, as: PlanPrice.self))
        entitlements = Entitlements(plan: key, limits: terms.limits, rates: terms.rates, features: terms.features)
    }

    private static func read<Value: Decodable>(_ row: Row, _ column: Int, as: Value.Type) throws(PostgresError) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(try row.text(column).utf8))
        } catch {
            throw .unexpected("A plan's column \(column) does not read: \(error)")
        }
    }
}
