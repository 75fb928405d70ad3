/// How the queue treats jobs of one kind: how often, how long, how many at a time.
package struct JobKind: Sendable {
    /// The stable name in the queue, in figures and for operators: `prune_trash`. To rename a kind, give the new name here and put the old
    /// one into `formerNames`; jobs that wait under it are still done.
    package let name: String
    package var formerNames: [String] = []
    /// Of what is enqueued; see `Job.read`.
    package var version = 1
    /// What `tenantry work --queues` selects.
    package var queue = "default"
    package var priority = JobPriority.normal
    /// After so many failures a job is dead.
    package var maximumAttempts = 20
    /// A handler that takes longer is cancelled; that counts as a failure.
    package var timeout: Duration = .seconds(300)
    package var retry = RetryPolicy()
    /// At most so many at a time of one tenant, and of all tenants of a cell; nil: as many as the workers have places.
    package var tenantLimit: Int?
    package var cellLimit: Int?
    /// At most so many starts in a span of time, of one tenant and of all tenants of a cell.
    package var tenantRate: JobRate?
    package var cellRate: JobRate?
    /// Whether its jobs only read, so that they are done for a suspended tenant too, which may read and export.
    package var onlyReads = false
    /// Whether its jobs run although nothing is written for the tenant, which is on its way to another cell.
    package var runsWhilePaused = false
    /// Whether its jobs are due by a test tenant's clock, once that was set, and their delays pass by it; else they live in real time.
    package var followsClock = false
    /// At most so many are claimed of one lane at a time.
    package var batch = 100

    package init(_ name: String, _ change: (inout JobKind) -> Void = { _ in }) {
        self.name = name
        change(&self)
    }
}

/// So many starts within any span of this length, evenly, a tenth of them at once.
package struct JobRate: Sendable, Hashable {
    package let count: Int
    package let span: Duration

    package init(_ count: Int, per span: Duration) {
        self.count = max(1, count)
        self.span = span
    }
}

/// How long a job waits after a failure: exponential, capped, with full jitter, so that what failed together does not come back together.
package struct RetryPolicy: Sendable, Hashable {
    package var base: Duration
    package var cap: Duration

    package init(base: Duration = .seconds(2), cap: Duration = .seconds(3600)) {
        self.base = base
        self.cap = cap
    }

    /// A random time up to `base` doubled with each failure, at most `cap`.
    package func delay(afterFailures failures: Int, using random: inout some RandomNumberGenerator) -> Duration {
        // 2^40 seconds are beyond any cap.
        let ceiling = min(cap.seconds, base.seconds * Double(1 << min(40, max(0, failures - 1))))
        return .seconds(Double.random(in: 0...ceiling, using: &random))
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
    var milliseconds: Int { Int((seconds * 1000).rounded()) }
}
