import Foundation
import Jobs
import Postgres
import Records
import Tenancy

/// The work of an import, a minute at a time, so that other tenants' files have their turns.
struct RunImport: Job {
    static let kind = JobKind.ofImports("run_import")

    let id: UUID

    /// How long one file is worked on before it stands in line again.
    fileprivate static let turn: Duration = .seconds(60)

    /// - Parameter base: the built-in record types.
    static func handler(_ base: Catalog) -> JobHandler {
        JobHandler(RunImport.self) { job, context in
            let scope = context.scope
            guard let state = try await ImportRun.state(job.id, in: scope) else { return .done }
            guard let house = try await ImportHouse(of: state, base, in: scope) else {
                try await ImportRun.fail(job.id, because: "Whoever started it may not work here any more.", .makerGone, in: scope)
                return .done
            }
            let rights = house.caller.rights[state.order.type]
            guard rights.create, rights.update != .none else {
                try await ImportRun.fail(
                    job.id, because: "Whoever started it may not create and update \(state.order.type) any more.",
                    .makerForbidden, in: scope)
                return .done
            }
            let run = ImportRun(
                state, of: house.catalog, in: scope, for: house.caller, zone: house.zone, currency: house.currency,
                decimal: house.decimal)
            switch try await run.run(until: .now + turn) {
            case .ended: return .done
            case .unfinished: return .again(after: .zero, because: "Rows are left.")
            }
        }
    }
}

/// Takes back what an import did.
struct RevertImport: Job {
    static let kind = JobKind.ofImports("revert_import")

    let id: UUID

    static func handler(_ base: Catalog) -> JobHandler {
        JobHandler(RevertImport.self) { job, context in
            let scope = context.scope
            guard let state = try await ImportRun.state(job.id, in: scope) else { return .done }
            guard let house = try await ImportHouse(of: state, base, in: scope) else {
                try await ImportRun.fail(job.id, because: "Whoever reverted it may not work here any more.", .makerGone, in: scope)
                return .done
            }
            switch try await ImportRevert(state, of: house.catalog, in: scope, for: house.caller).run(until: .now + RunImport.turn) {
            case .ended: return .done
            case .unfinished: return .again(after: .zero, because: "Records are left.")
            }
        }
    }
}

extension JobKind {
    /// What takes long and goes on where it was, one at a time for each tenant.
    fileprivate static func ofImports(_ name: String) -> JobKind {
        JobKind(name) { kind in
            kind.queue = "imports"
            kind.priority = .bulk
            kind.timeout = .seconds(1800)
            kind.retry = RetryPolicy(base: .seconds(1), cap: .seconds(60))
            kind.maximumAttempts = 100
            kind.tenantLimit = 1
            kind.cellLimit = 2
        }
    }
}

extension ImportPromises {
    /// Through the queue.
    package static let queued = ImportPromises(
        run: { .enqueue(RunImport(id: $0), key: $0.uuidString) }, revert: { .enqueue(RevertImport(id: $0), key: $0.uuidString) })
}
