import Foundation
import Jobs
import Postgres
import Records
import Tenancy

extension Installation {
    /// Moves a tenant to another cell; see `Relocation`.
    ///
    /// - Parameters:
    ///   - base: the built-in record types.
    ///   - job: the job that does it.
    package func move(
        _ slug: String, to cell: String, _ base: Catalog, by instruction: Instruction, asJob job: UUID? = nil,
        progress: @escaping @Sendable (String, Int) -> Void = { _, _ in }
    ) async throws -> Tenant {
        try await relocation.move(slug, to: cell, by: instruction, asJob: job) { sameServer in
            MovedRows(TenantCopy(base: base, purpose: .move(sameServer: sameServer)), progress: progress)
        }
    }
}

/// Moves a tenant in the background. The job goes along: it begins in the old cell and ends in the new one.
package struct MoveTenant: Job {
    package static let kind = JobKind("move_tenant") { kind in
        kind.maximumAttempts = 5
        kind.timeout = .seconds(6 * 3600)
        kind.tenantLimit = 1
        kind.onlyReads = true
        kind.runsWhilePaused = true
    }

    package let cell: String
    let orderedBy: String
    let reason: String?

    package init(to cell: String, by instruction: Instruction) {
        (self.cell, orderedBy, reason) = (cell, instruction.actor, instruction.reason)
    }

    /// One at a time for a tenant; the same order again finds it.
    package static let key = "move"

    static func handler(_ base: Catalog, _ installation: Installation) -> JobHandler {
        JobHandler(MoveTenant.self) { job, context in
            do {
                _ = try await installation.move(
                    context.scope.tenant.slug, to: job.cell, base, by: Instruction(actor: job.orderedBy, reason: job.reason),
                    asJob: context.id)
                return .done
            } catch TenancyError.cannotMove(_, let reason) {
                return .again(after: .seconds(5), because: reason)
            } catch let error as TenancyError {
                return .giveUp(because: error.message)
            }
        }
    }
}
