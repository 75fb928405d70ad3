import Foundation
import Postgres
import Schema

/// Keeps a few schemas ready in each cell, so that a new tenant is a matter of milliseconds and its neighbours do not notice.
struct SparesKeeper: Sendable {
    let control: Control
    let cells: Cells
    /// How many should be ready in each cell.
    let wanted: Int
    let files: [SchemaFile]
    let locks: LockPatience

    /// Of the time, while some are missing, so much is spent on making them: a schema takes a processor of the database's to itself.
    static let effort = 0.2

    /// Does one piece of work in each cell: removes a schema that an older program left, or makes one that is missing. Any number of
    /// processes may do this at once; one works in a cell at a time. Answers whether there was anything to do.
    func work() async throws -> Bool {
        let rooms = try await control.rows(
            """
            SELECT cells.name, cells.tenant_limit - count(tenants.id)
            FROM cells LEFT JOIN tenants ON tenants.cell = cells.name AND tenants.dropped_at IS NULL
            WHERE cells.state = 'open' GROUP BY cells.name ORDER BY cells.name
            """)
        var didWork = false
        for row in rooms {
            let name = try row.text(0)
            guard cells.knows(name) else { continue }
            if try await work(in: cells.named(name), upTo: max(0, min(wanted, try row.int(1)))) { didWork = true }
        }
        return didWork
    }

    private func work(in cell: OpenCell, upTo wanted: Int) async throws -> Bool {
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
