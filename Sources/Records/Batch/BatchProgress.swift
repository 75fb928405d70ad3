import Postgres

/// How far a batch has come: what is answered, and what leaves together next.
struct BatchProgress {
    private(set) var results: [BatchResult?]
    private let steps: [BatchStep]
    private let room: BatchRoom
    /// The first step that has no result.
    private var place = 0
    /// How many records there are more than before.
    private var moved = 0
    /// How many steps may leave together: all of them until one is refused, for then those behind it were sent for nothing.
    private var width: Int

    private static let narrowest = 4

    init(_ steps: [BatchStep], _ room: BatchRoom) {
        (self.steps, self.room) = (steps, room)
        results = steps.map(\.refusal)
        width = max(steps.count, Self.narrowest)
    }

    /// The steps that leave next, as if none of them could be refused; empty at the end. What cannot be done any more gets its result here.
    mutating func next() -> [BatchStep] {
        var window: [BatchStep] = []
        var moved = moved
        var ahead = place
        while ahead < steps.count, window.count < width {
            let step = steps[ahead]
            if results[ahead] == nil, let write = step.write {
                if let problem = obstacle(step, write, moved) {
                    // Those before it may yet be refused and make room.
                    guard window.isEmpty else { return window }
                    results[ahead] = BatchResult(step.operation, problem, id: step.knownID)
                } else {
                    window.append(step)
                    moved += write.countsAs
                }
            }
            ahead += 1
            if window.isEmpty { place = ahead }
        }
        return window
    }

    private func obstacle(_ step: BatchStep, _ write: PlannedWrite, _ moved: Int) -> Problem? {
        if step.needs.contains(where: { results[$0]?.isFailure ?? false }) {
            return .failedDependency("What the body refers to has come to nothing.")
        }
        return write.action == .create ? room.refusal(after: moved) : nil
    }

    mutating func succeed(_ step: BatchStep, _ write: PlannedWrite, _ answer: RecordAnswer) {
        results[step.operation.index] = BatchResult(step.operation, answer, id: write.id)
        moved += write.countsAs
    }

    /// - Parameter problem: what is known so far; what it means in full is said at the end.
    mutating func fail(_ step: BatchStep, _ problem: Problem) {
        results[step.operation.index] = BatchResult(step.operation, problem, id: step.knownID)
    }

    /// After a flush.
    mutating func adapt(wasRefused: Bool) { width = wasRefused ? max(Self.narrowest, width / 2) : min(steps.count, width * 2) }
}

extension PlannedWrite {
    /// How many more records there are after it.
    fileprivate var countsAs: Int {
        switch action {
        case .create: 1
        case .trash: -1
        default: 0
        }
    }
}
