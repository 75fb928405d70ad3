import Foundation
import Postgres
import Schema

/// Keeps a few schemas ready in each cell, so that a new tenant is a matter of milliseconds and its neighbours do not notice.
struct SparesKeeper: Sendable {
    let cells: Cells
    let directory: Directory
    /// How many should be ready in each cell.
    let wanted: Int
    let files: [SchemaFile]
    let locks: LockPatience

    /// Of the time, while some are missing, so much is spent on making them: a schema takes a processor of the database's to itself.
    static let effort = 0.2

    /// Does one piece of work in each cell: removes a schema that an older program left, or makes one that is missing. Any number of
    /// processes may do this at once; one works in a cell at a time. Answers whether there was anything to do.
    func work() async throws -> Bool {
        var didWork = false
        for cell in cells.opened where cell.cell.state == .open {
            if try await work(in: cell) { didWork = true }
        }
        return didWork
    }

    private func work(in cell: OpenCell) async throws -> Bool {
        let living = directory.tenants.count { $0.cell == cell.cell.name && $0.state != .deleted }
        let wanted = max(0, min(wanted, cell.cell.tenantLimit - living))
        let (files, version) = (files, files.latest)
        return try await locks.retrying {
            try await cell.founder.transaction(preamble: [TenantScript.asOwner, LockPatience.timeout], namespace: Cell.schema) {
                transaction in
                guard try transaction.rows(Self.attempt).first?.bool(0) == true else { return false }
                if try Spare.removeOutdated(version: version, transaction) { return true }
                let count = try transaction.rows("SELECT count(*) FROM spares WHERE taken_at IS NULL AND schema_version >= \(version)")
                guard let ready = try count.first?.int(0), ready < wanted else {
                    try Spare.leaveTaken(transaction)
                    return false
                }
                // A role of eight random digits may be there already; the next attempt has other ones.
                try Spare().make(files, in: cell.cell, transaction)
                try Spare.leaveTaken(transaction)
                return true
            }
        }
    }

    private static let attempt = SQL("SELECT pg_try_advisory_xact_lock(hashtextextended('tenantry spares', 0))").prepared(.shared)
}
