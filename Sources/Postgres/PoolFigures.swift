/// What a pool has done and is doing, for metrics and tests.
package struct PoolFigures: Sendable, Hashable {
    /// The pool's name in its settings.
    package var name = ""
    /// Open connections now, those included that are being emptied before they close.
    package var connections = 0
    /// How many of them are encrypted.
    package var encrypted = 0
    /// Units in flight, or connections lent, now.
    package var inUse = 0
    /// Who waits for a connection now.
    package var waiters = 0
    /// How long everybody together has waited for a connection since the start.
    package var waited: Duration = .zero
    /// Connections opened since the start.
    package var opened = 0
    /// Attempts at connecting that failed since the start.
    package var refusedConnections = 0
    /// Connections given up since the start, by reason: "lifetime", "namespaces", "broken", "silent", "fail-over", "cancelled".
    package var retired: [String: Int] = [:]
    /// Work refused because the deadline passed.
    package var overloaded = 0
    /// How often something was sent: as often as there were units, when each is one flush.
    package var flushes = 0
    /// How often an answer was waited for: as often as there were units, when each is one round trip.
    package var waits = 0
    /// Work sent a second time: a broken connection, a prepared statement that had gone.
    package var repeated = 0

    /// Adds what a single connection counted.
    mutating func add(flushes: Int, waits: Int) {
        self.flushes += flushes
        self.waits += waits
    }
}
