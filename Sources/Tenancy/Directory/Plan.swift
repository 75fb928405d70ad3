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
    /// By resource (`users`, `records.contacts`, ...); what is not here is unlimited.
    package let limits: [String: Int]
    /// `api_burst_per_second`, `api_per_day`; what is not here is unlimited.
    package let rates: [String: Int]
    package let features: [String: Bool]
    /// A JSON object: amount, currency and what it is paid per.
    package let price: String

    package func allows(_ feature: String) -> Bool { features[feature] ?? false }

    static let columns: SQL = "name, version, limits, rates, features, price"

    init(_ row: Row) throws(PostgresError) {
        key = PlanKey(name: try row.text(0), version: try row.int(1))
        limits = try Self.object(row, 2, of: Int?.self).compactMapValues { $0 }
        rates = try Self.object(row, 3, of: Int?.self).compactMapValues { $0 }
        features = try Self.object(row, 4, of: Bool.self)
        price = try row.text(5)
    }

    private static func object<Value: Decodable>(_ row: Row, _ column: Int, of: Value.Type) throws(PostgresError) -> [String: Value] {
        do {
            return try JSONDecoder().decode([String: Value].self, from: Data(try row.text(column).utf8))
        } catch {
            throw .unexpected("A plan's column \(column) does not read: \(error)")
        }
    }
}
