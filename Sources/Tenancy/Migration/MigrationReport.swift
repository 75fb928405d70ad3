/// What a migration did and what it could not do.
package struct MigrationReport: Sendable, Equatable {
    /// Tenants whose schema was brought up to date.
    package var done = 0
    /// Tenants that are now closed for maintenance, with the reason.
    package var failed: [Failure] = []
    /// Cells that could not be prepared; their tenants were left as they are.
    package var failedCells: [Failure] = []

    package init(done: Int = 0, failed: [Failure] = [], failedCells: [Failure] = []) {
        self.done = done
        self.failed = failed
        self.failedCells = failedCells
    }

    package init() {}

    package struct Failure: Sendable, Equatable {
        package let name: String
        package let reason: String
    }

    /// Whether every schema of the installation is up to date.
    package var isComplete: Bool { failed.isEmpty && failedCells.isEmpty }
}

/// How far a migration is, for people who wait.
package struct MigrationProgress: Sendable {
    package let done: Int
    package let failed: Int
    package let total: Int
    /// What was just finished: a file of control or a cell, or a tenant.
    package let latest: String
}
