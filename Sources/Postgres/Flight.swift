import Synchronization

/// A unit between the call of `PipelinePool.run` and its answer, and who waits for it.
final class Flight: Sendable {
    let unit: Unit
    let affinity: Int
    let started: ContinuousClock.Instant
    let caller = Caller<[Rows]>()
    private let repetitions = Atomic(0)
    private let isSelfReliant = Atomic(false)

    init(_ unit: Unit, affinity: Int, started: ContinuousClock.Instant) {
        self.unit = unit
        self.affinity = affinity
        self.started = started
    }

    func finish(_ answer: Result<[Rows], PostgresError>) {
        caller.finish(answer)
    }

    /// Whether it may use statements that are, or are about to be, prepared by others.
    var usesPrepared: Bool { !isSelfReliant.load(ordering: .relaxed) }

    /// A statement it relied on was not there or no longer good. Sent again it brings its own: many units that rely on one which cannot be
    /// prepared would otherwise go on waiting for each other instead of hearing why.
    func standAlone() {
        isSelfReliant.store(true, ordering: .relaxed)
    }

    /// Whether it may be sent again: a fault that repeats three times is not the connection's.
    func mayRepeat() -> Bool {
        repetitions.add(1, ordering: .relaxed).newValue <= 3
    }
}
