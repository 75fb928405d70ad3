/// Why someone may or may not do something: the checks that were made, in their order, each with what came of it.
package struct AccessExplanation: Sendable {
    package enum Action: String, Sendable, Hashable, CaseIterable {
        case read, update, delete, create, export

        /// Whether it is done to a record that exists.
        package var needsRecord: Bool { self != .create && self != .export }
    }

    package struct Reason: Sendable, Hashable {
        package let rule: String
        package let detail: String
    }

    package private(set) var isAllowed = true
    package private(set) var reasons: [Reason] = []

    package init() {}

    /// A check; when it fails the action is refused, and what follows no longer matters.
    ///
    /// - Returns: whether it holds.
    @discardableResult
    package mutating func check(_ rule: String, _ holds: Bool, _ detail: String) -> Bool {
        reasons.append(Reason(rule: rule, detail: detail))
        isAllowed = isAllowed && holds
        return holds
    }

    /// Something worth knowing that decides nothing.
    package mutating func note(_ rule: String, _ detail: String) {
        reasons.append(Reason(rule: rule, detail: detail))
    }

    package var document: JSON {
        [
            "allowed": .bool(isAllowed),
            "reasons": .array(reasons.map { ["rule": .string($0.rule), "detail": .string($0.detail)] }),
        ]
    }
}
