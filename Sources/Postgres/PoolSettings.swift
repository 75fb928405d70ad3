/// How a pool of connections behaves. The defaults suit an API process.
package struct PoolSettings: Sendable {
    /// What figures call the pool: "api", "work", "migration".
    package var name = "api"
    /// How many connections at most. They are opened when work comes for them.
    package var connections = 4
    /// How long work waits for a connection before it is refused with `.overloaded`.
    package var waitDeadline: Duration = .seconds(5)
    /// When a connection is replaced, give or take a tenth, so that not all of them are at once.
    package var maximumLifetime: Duration = .seconds(30 * 60)
    /// How many distinct namespaces a connection meets before it is replaced: a backend's relation cache never shrinks. A tenant of which a few
    /// statements are prepared takes half a megabyte of it.
    package var maximumNamespaces = 1200
    /// How many statements a connection keeps prepared; the one not used for longest makes room.
    package var maximumStatements = 4000
    /// How many units may be on their way on one connection (`PipelinePool`).
    package var unitsInFlight = 64
    /// A connection with work on its way that says nothing for this long is taken for broken (`PipelinePool`). A slow answer is also
    /// silence: keep it above every `statement_timeout` used in the pool.
    package var answerTimeout: Duration = .seconds(30)
    /// Whether reads of all come together on the first connection, and writes keep to the others (`PipelinePool`).
    ///
    /// A backend that is never idle answers several units each time it wakes, with warm caches: see DECISIONS.md for
    /// figures. And no read stands behind a COMMIT that waits for the disk.
    package var gathersReads = false
    /// False behind PgBouncer's transaction mode: nothing is then kept on a connection between two units.
    package var preparesStatements = true

    /// The defaults.
    package init() {}

    /// Everything but name and size has a default.
    package init(
        name: String, connections: Int, waitDeadline: Duration = .seconds(5), maximumLifetime: Duration = .seconds(30 * 60),
        maximumNamespaces: Int = 1200, maximumStatements: Int = 4000, unitsInFlight: Int = 64, answerTimeout: Duration = .seconds(30),
        gathersReads: Bool = false, preparesStatements: Bool = true
    ) {
        self.name = name
        self.connections = connections
        self.waitDeadline = waitDeadline
        self.maximumLifetime = maximumLifetime
        self.maximumNamespaces = maximumNamespaces
        self.maximumStatements = maximumStatements
        self.unitsInFlight = unitsInFlight
        self.answerTimeout = answerTimeout
        self.gathersReads = gathersReads
        self.preparesStatements = preparesStatements
    }

    /// A lifetime within a tenth of the maximum.
    func jitteredLifetime() -> Duration {
        maximumLifetime * Double.random(in: 0.9...1.1)
    }
}
