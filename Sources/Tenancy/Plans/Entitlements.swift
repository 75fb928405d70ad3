import Foundation
import Postgres

/// What one tenant may use: the version of the plan it was sold, with what was agreed with it beside the plan. Asking costs no round trip.
package struct Entitlements: Sendable, Hashable {
    package let plan: PlanKey
    /// By resource (`users`, `records.contacts`, ...): the most there may be. What is not here is unlimited.
    package let limits: [String: Int]
    /// `api_burst_per_second`, `api_per_day`; what is not here is unlimited.
    package let rates: [String: Int]
    package let features: [String: Bool]
    /// Limits that have come down: of these resources alone the tenant may have more than it may.
    package let tightened: Set<String>

    package init(
        plan: PlanKey, limits: [String: Int] = [:], rates: [String: Int] = [:], features: [String: Bool] = [:], tightened: Set<String> = []
    ) {
        self.plan = plan
        self.tightened = tightened
        self.limits = limits
        self.rates = rates
        self.features = features
    }

    package init(_ plan: Plan, _ overrides: Overrides, tightened: Set<String> = []) {
        self =
            overrides.isEmpty && tightened.isEmpty ? plan.entitlements : plan.entitlements.overridden(by: overrides, tightened: tightened)
    }

    /// What was agreed wins over the plan, name by name.
    func overridden(by overrides: Overrides, tightened: Set<String> = []) -> Entitlements {
        Entitlements(
            plan: plan, limits: overrides.limits.applied(to: limits), rates: overrides.rates.applied(to: rates),
            features: features.merging(overrides.features) { $1 }, tightened: tightened)
    }

    package func allows(_ feature: Feature) -> Bool { features[feature.rawValue] ?? true }
}

/// What was agreed with one tenant beside its plan, in the plan's own words: more, less, or (null) as much as it wants.
package struct Overrides: Sendable, Hashable {
    package let limits: [String: Int?]
    package let rates: [String: Int?]
    package let features: [String: Bool]

    package static let none = Overrides()

    package init(limits: [String: Int?] = [:], rates: [String: Int?] = [:], features: [String: Bool] = [:]) {
        self.limits = limits
        self.rates = rates
        self.features = features
    }

    package var isEmpty: Bool { limits.isEmpty && rates.isEmpty && features.isEmpty }

    /// Reads `{"limits","rates","features"}`, each of which may be missing. Whether the names are known is for who takes the order to say.
    package init(parsing text: String) throws(PostgresError) {
        guard text != "{}" else {
            self = .none
            return
        }
        let document: Document
        do {
            document = try JSONDecoder().decode(Document.self, from: Data(text.utf8))
        } catch {
            throw .unexpected("A tenant's overrides do not read: \(error)")
        }
        self.init(limits: document.limits ?? [:], rates: document.rates ?? [:], features: document.features ?? [:])
    }

    private struct Document: Decodable {
        let limits: [String: Int?]?
        let rates: [String: Int?]?
        let features: [String: Bool]?
    }

    /// As a JSON object without what is empty.
    package var text: String {
        let parts = [
            ("limits", limits.mapValues { $0.map(String.init) ?? "null" }), ("rates", rates.mapValues { $0.map(String.init) ?? "null" }),
            ("features", features.mapValues(String.init)),
        ]
        return .object(parts.filter { !$0.1.isEmpty }.map { ($0, .object($1.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })) })
    }
}

extension String {
    /// A JSON object of members whose names need no escapes and whose values are JSON already.
    static func object(_ members: [(name: String, value: String)]) -> String {
        "{" + members.map { "\"\($0.name)\":\($0.value)" }.joined(separator: ",") + "}"
    }
}

extension [String: Int?] {
    /// A number takes the other's place, null takes it away.
    fileprivate func applied(to other: [String: Int]) -> [String: Int] {
        reduce(into: other) { $0[$1.key] = $1.value }
    }
}
