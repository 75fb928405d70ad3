import Tenancy

/// How many records a batch may still make, where an attempt has shown that the plan leaves no room for all of them.
struct BatchRoom: Sendable {
    private var limits: [String: PlanLimit] = [:]
    /// The narrowest first.
    private let resources: [String]

    init(for type: RecordType) {
        resources = [Resource.records(of: type.name), Resource.records]
    }

    mutating func note(_ limit: PlanLimit) { limits[limit.resource] = limit }

    /// Why no further record can be made.
    ///
    /// - Parameter moved: how many more there are by what the batch has done so far.
    func refusal(after moved: Int) -> Problem? {
        guard moved >= 0 else { return nil }
        let broken = resources.lazy.compactMap { limits[$0] }.first { $0.used + moved >= $0.limit }
        return broken.map { PlanLimit(resource: $0.resource, limit: $0.limit, used: $0.used + moved, plan: $0.plan).problem }
    }
}
