/// How one process works.
package struct WorkerSettings: Sendable {
    /// What operators read: host and process.
    package var name = "worker"
    /// Jobs at a time, per cell.
    package var concurrency = 16
    /// Only kinds of these queues; nil for all.
    package var queues: Set<String>?
    /// Only these tenants, by slug; nil for all.
    package var tenants: Set<String>?
    /// A process that has not been heard of for so long has lost its jobs.
    package var lease: Duration = .seconds(20)
    /// How often it says that it lives.
    package var beat: Duration = .seconds(5)
    /// How often it looks for work nobody told it of.
    package var sweep: Duration = .seconds(2)
    /// How long running jobs get to end when the process is asked to stop. Then they are cancelled and handed back.
    package var patience: Duration = .seconds(18)
    /// At most so many claimed at a time of one lane, whatever the kind says; for measuring.
    package var batch = Int.max

    package init() {}
}
