import Blobs
import Foundation
import Logging
import Postgres

/// Everything about tenants that one process holds: the directory, the cells and the verbs on them.
///
/// `migrate()` once after each new version, `start()` before the first request, `run()` as long as the process serves, `close()` at its end.
package final class Installation: Sendable {
    package let settings: InstallationSettings
    package let directory: Directory
    package let cells: Cells
    package let provisioning: Provisioning
    package let lifecycle: Lifecycle
    package let migrator: Migrator
    package let operators: Operators
    package let audit: Audit
    package let auditChain: AuditChain
    package let grants: Grants
    package let signIns: SignInLimit
    package let tenants: TenantList
    package let stats: TenantStats
    package let plans: PlanList
    package let cellList: CellList
    package let isolation: IsolationCheck
    /// Moves tenants between cells.
    package let relocation: Relocation
    /// How many requests tenants may make.
    package let rates: RateLimiter
    /// How many requests tenants have made.
    package let calls: CallMeter
    let control: Control
    let identity: IdentityHolder
    private let marks: RateMarks
    private let ownerConnection: ConnectionSettings
    private let log: Logger

    /// Connects to nothing yet.
    package init(_ settings: InstallationSettings, log: Logger) {
        self.settings = settings
        self.log = log
        ownerConnection = settings.ownerConnection
        var single = settings.control
        single.name += "-exclusive"
        control = Control(
            pipeline: PipelinePool(ownerConnection, settings.control), exclusive: ExclusivePool(ownerConnection, single))
        identity = IdentityHolder(control: control, configuredKey: settings.key, formerKey: settings.formerKey)
        cells = Cells(settings: settings)
        directory = Directory(control: control, identity: identity, cells: cells, log: log)
        let removal = Removal(control: control, cells: cells, locks: settings.locks, blobs: settings.blobs)
        provisioning = Provisioning(
            control: control, identity: identity, cells: cells, directory: directory, removal: removal, settings: settings)
        lifecycle = Lifecycle(control: control, directory: directory, removal: removal, grace: settings.grace)
        plans = PlanList(control: control, directory: directory)
        migrator = Migrator(
            control: control, identity: identity, cells: cells, directory: directory, plans: plans, settings: settings,
            locks: settings.locks,
            log: log)
        operators = Operators(control: control)
        audit = Audit(control: control)
        auditChain = AuditChain(control: control, identity: identity)
        grants = Grants(control: control)
        signIns = SignInLimit(control: control, identity: identity)
        tenants = TenantList(control: control)
        stats = TenantStats(control: control, cells: cells)
        cellList = CellList(control: control, identity: identity, cells: cells, migrator: migrator)
        isolation = IsolationCheck(directory: directory, cells: cells)
        relocation = Relocation(
            control: control, cells: cells, directory: directory, files: settings.schema.tenant, locks: settings.locks)
        marks = RateMarks(control: control)
        calls = CallMeter(control: control)
        rates = RateLimiter(log: log) { [marks] in try await marks.exchange($0) }
    }

    /// Where bytes are kept that are too many for the database: attachments, files of exports and imports.
    package var blobs: any BlobStore { settings.blobs }

    /// Looks whether everything is as it should be.
    package var doctor: Doctor { Doctor(installation: self) }

    /// Brings all schemas up to date; see `Migrator`.
    package func migrate(progress: @escaping @Sendable (MigrationProgress) -> Void = { _ in }) async throws -> MigrationReport {
        try await migrator.migrate(progress: progress)
    }

    /// Reads who the tenants are. Throws `.notReady` when the database has not been migrated.
    package func start() async throws {
        do {
            try await directory.load()
        } catch let error as PostgresError where error.refusal?.state == .undefinedTable {
            throw TenancyError.notReady("The database has not been migrated yet; run `tenantry migrate`.")
        }
    }

    /// Keeps the directory and the rates fresh and does what the calendar says about tenants, until the task is cancelled.
    package func run() async {
        let listener = Listener(ownerConnection, channels: [Control.channel])
        await withTaskCancellationHandler {
            await withTaskGroup { group in
                group.addTask { await self.directory.follow(listener, every: self.settings.pollInterval) }
                group.addTask { await self.keepDates() }
                group.addTask { await self.keepSpares() }
                group.addTask { await self.rates.run() }
                group.addTask { await self.keepCalls() }
                await group.waitForAll()
            }
        } onCancel: {
            listener.close()
        }
    }

    /// Lets what runs finish, refuses what is new, disconnects.
    package func close() async {
        await writeCalls()
        await cells.close()
        await control.close()
    }

    /// What every pool has done, for metrics.
    package var figures: [PoolFigures] {
        [control.pipeline.figures, control.exclusive.figures] + cells.figures
    }

    /// Looks every few seconds, and leaves the database to others for most of the time that it makes schemas.
    private func keepSpares() async {
        let keeper = SparesKeeper(
            control: control, cells: cells, wanted: settings.spares, files: settings.schema.tenant, locks: settings.locks)
        while !Task.isCancelled {
            var pause = Duration.seconds(Double.random(in: 4...6))
            do {
                let began = ContinuousClock.now
                if try await keeper.work() { pause = min(pause, (ContinuousClock.now - began) * (1 / SparesKeeper.effort - 1)) }
            } catch PostgresError.cancelled {
                return
            } catch {
                log.warning("Schemas for tenants to come could not be made ready.", metadata: ["error": "\(error.explained)"])
            }
            // Cancellation ends the sleep and, with the next look at the condition, the loop.
            try? await Task.sleep(for: pause)
        }
    }

    private func keepCalls() async {
        while !Task.isCancelled {
            // Cancellation ends the sleep and, with the next look at the condition, the loop.
            try? await Task.sleep(for: CallMeter.rhythm)
            await writeCalls()
        }
    }

    private func writeCalls() async {
        do {
            try await calls.flush()
        } catch PostgresError.cancelled {
            return
        } catch {
            log.warning("Requests that were counted could not be written down yet.", metadata: ["error": "\(error.explained)"])
        }
    }

    /// Every twenty seconds or so; a deletion that is due at once ends within a minute. Rows of rates that say nothing go on the way, and the
    /// audit is sealed.
    private func keepDates() async {
        while !Task.isCancelled {
            do {
                // Those who are stuck come last: they hold up nobody.
                try await signIns.forgetOld()
                try await auditChain.seal()
                try await cells.slow.write(to: control)
                try await marks.forgetWhole()
                try await lifecycle.keepDates()
            } catch PostgresError.cancelled {
                return
            } catch {
                log.warning("What is due for tenants could not all be done yet.", metadata: ["error": "\(error.explained)"])
            }
            // Cancellation ends the sleep and, with the next look at the condition, the loop.
            try? await Task.sleep(for: .seconds(Double.random(in: 15...25)))
        }
    }
}
