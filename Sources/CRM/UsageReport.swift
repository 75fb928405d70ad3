import Foundation
import Postgres
import Records
import Tenancy

/// What a tenant has, beside what it may have: the numbers that refusals quote.
package struct UsageReport: Sendable {
    package let used: [String: Int]
    private let catalog: Catalog

    package init(of scope: TenantScope, _ catalog: Catalog) async throws {
        self.catalog = catalog
        used = Dictionary(
            uniqueKeysWithValues: try await scope.rows("SELECT resource, \(Usage.used) FROM \(Usage.rows) AS counted").map {
                (try $0.text(0), try $0.int(1))
            })
    }

    /// What a plan may limit, for a tenant with these record types.
    package static func resources(_ catalog: Catalog) -> [String] {
        Resource.all + catalog.counted.map { Resource.records(of: $0.name) }
    }

    /// `{"records":{"used","max","resets_at"}}`; what begins anew each month says when.
    package func document(_ entitlements: Entitlements, now: Date = .now) -> JSON {
        .object(
            Self.resources(catalog).map { resource in
                let resets = resource == Resource.emails ? JSON.string(Self.nextMonth(after: now)) : .null
                return .init(
                    resource,
                    [
                        "used": JSON(used[resource] ?? 0), "max": entitlements.limits[resource].map { JSON($0) } ?? .null,
                        "resets_at": resets,
                    ])
            })
    }

    /// `{"records":{"used","max"}}`
    package func summary(_ entitlements: Entitlements) -> JSON {
        .object(
            Self.resources(catalog).map { resource in
                .init(resource, ["used": JSON(used[resource] ?? 0), "max": entitlements.limits[resource].map { JSON($0) } ?? .null])
            })
    }

    /// Of what there would be more than allowed, and by how much.
    package func excess(over limits: [String: Int]) -> [(resource: String, count: Int)] {
        Self.resources(catalog).compactMap { resource in
            guard let limit = limits[resource], let used = used[resource], used > limit else { return nil }
            return (resource, used - limit)
        }
    }

    /// Its first moment, in UTC.
    private static func nextMonth(after now: Date) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let first = calendar.dateInterval(of: .month, for: now)?.end ?? now
        return first.apiText
    }
}
