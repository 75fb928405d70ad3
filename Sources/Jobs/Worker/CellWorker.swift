import Foundation
import Logging
import Postgres
import Secrets
import ServiceLifecycle
import Synchronization
import Tenancy

/// One process's work in one cell: it claims jobs in turn, does them, and writes down what became of them.
///
/// All of it happens under a lease that a heartbeat renews. When the lease is lost everything under it is cancelled, for the jobs are someone
/// else's by then, and a new one begins.
actor CellWorker {
    private let queue: Queue
    private let cell: String
    private let handlers: JobHandlers
    private let directory: Directory
    private let listener: Listener?
    private let scheduler: Scheduler
    private let settings: WorkerSettings
    private let log: Logger
    /// News for the loop that claims, and for the one that writes down.
    private let bell = Bell()
    private let ends = Bell()
    private let stopping = Bell()
    private let isStopping = Atomic(false)

    private var line: LaneLine
    /// Jobs this process has claimed and not yet written down.
    private var held = 0
    private var outbox: [JobEnd] = []
    private var figures: [String: WorkFigures] = [:]

    init(
        _ cell: CellScope, handlers: JobHandlers, schedules: [Schedule], directory: Directory, listener: Listener?,
        settings: WorkerSettings, log: Logger
    ) {
        queue = Queue(cell: cell)
        self.cell = cell.name
        self.handlers = handlers.of(queues: settings.queues)
        self.directory = directory
        self.listener = listener
        self.settings = settings
        var log = log
        log[metadataKey: "cell"] = "\(cell.name)"
        self.log = log
        scheduler = Scheduler(cell: cell, schedules: schedules, log: log)
        line = LaneLine(concurrency: settings.concurrency)
    }

    /// Works until the process is asked to stop, then hands back what it could not finish.
    func run() async {
        await withTaskCancellationOrGracefulShutdownHandler {
            var failures = 0
            while !mustStop {
                let worker = UUID.v7()
                do throws(PostgresError) {
                    try await queue.join(
                        worker, name: settings.name, concurrency: settings.concurrency, handlers, lease: settings.lease)
                    failures = 0
                } catch {
                    if failures == 0 { log.warning("The queue cannot be reached.", metadata: ["error": "\(error.reason)"]) }
                    failures += 1
                    await stopping.wait(until: .now + .milliseconds(100) * Double(1 << min(failures, 5)))
                    continue
                }
                await work(as: worker)
            }
        } onCancelOrGracefulShutdown: {
            self.isStopping.store(true, ordering: .releasing)
            self.stopping.ring()
            self.bell.ring()
        }
        listener?.close()
    }

    private nonisolated var mustStop: Bool { isStopping.load(ordering: .acquiring) || Task.isCancelled }

    /// Everything that happens under one lease.
    private func work(as worker: UUID) async {
        line = LaneLine(concurrency: settings.concurrency)
        (held, outbox) = (0, [])
        await withTaskGroup(of: Ending?.self) { group in
            group.addTask { await self.listen() }
            group.addTask { await self.sweep() }
            group.addTask { await self.writeDown(as: worker) }
            group.addTask { await self.beat(as: worker) }
            group.addTask { await self.claim(as: worker) }
            group.addTask { await self.waitForTheEnd() }
            group.addTask { await self.fireSchedules() }
            var ending: Ending?
            while ending == nil, let ended = await group.next() { ending = ended }
            group.cancelAll()
            // Also when this very task has been cancelled.
            await Task { [ending] in await self.leave(worker, after: ending) }.value
        }
    }

    /// Why the work under a lease is over.
    private enum Ending {
        /// All jobs have ended after a stop, or the time for that is over.
        case stopped
        case leaseLost
    }

    /// After a lost lease nothing is handed back here: the sweep frees its jobs, and their attempts count, as whatever kept this process from
    /// saying that it lives may have been one of them.
    private func leave(_ worker: UUID, after ending: Ending?) async {
        await flush(as: worker, retrying: false)
        guard ending != .leaseLost else { return }
        do throws(PostgresError) {
            let freed = try await queue.leave(worker, takeFigures())
            if freed > 0 { log.notice("Jobs were handed back.", metadata: ["count": "\(freed)"]) }
        } catch {
            log.warning("Jobs could not be handed back; they start elsewhere when the lease ends.", metadata: ["error": "\(error.reason)"])
        }
    }

    /// Hears what was enqueued.
    private func listen() async -> Ending? {
        guard let listener else { return nil }
        for await event in listener.events() {
            guard case .notification(_, let payload) = event else { continue }
            let words = payload.split(separator: " ", maxSplits: 2).map(String.init)
            guard words.count == 3, let id = Int(words[0]), let kind = handlers[words[2]]?.kind, serves(words[1]) else { continue }
            line.heard(of: id, slug: words[1], kind: kind)
            bell.ring()
        }
        return nil
    }

    private nonisolated func serves(_ slug: String) -> Bool { settings.tenants?.contains(slug) ?? true }

    /// Whether the tenant's jobs of this kind may run now.
    private nonisolated func isOpen(_ slug: String, _ kind: JobKind) -> Bool {
        guard let tenant = directory.known(slug: slug), tenant.quarantinedReason == nil, tenant.cell == cell,
            tenant.writesPausedAt == nil || kind.runsWhilePaused
        else { return false }
        return kind.onlyReads ? tenant.state.allowsReads : tenant.state.allowsWrites
    }

    /// Finds what nobody told of: jobs whose time has come, lost news, jobs of processes that fell silent.
    private func sweep() async -> Ending? {
        var rotation = ContinuousClock.now
        while !mustStop {
            let began = ContinuousClock.now
            do throws(PostgresError) {
                let found = try await queue.due(within: settings.sweep * 2.5)
                let now = ContinuousClock.now
                var closed: [Int] = []
                for lane in found where serves(lane.slug) {
                    guard let kind = handlers[lane.kind]?.kind else { continue }
                    if isOpen(lane.slug, kind) {
                        line.found(lane.id, slug: lane.slug, kind: kind, next: lane.next, since: lane.since, now: now)
                    } else {
                        closed.append(lane.id)
                    }
                }
                bell.ring()
                if !closed.isEmpty { try await queue.hold(closed) }
                for figure in try await queue.rescue() {
                    merge(figure)
                    log.warning(
                        "Jobs of a process that fell silent start anew.",
                        metadata: ["kind": "\(figure.kind)", "count": "\(figure.rescued)", "dead": "\(figure.dead)"])
                }
                if rotation <= began {
                    rotation = began + .seconds(600)
                    try await queue.rotate()
                }
            } catch {
                if error.isWorthALine { log.warning("Looking for work failed.", metadata: ["error": "\(error.reason)"]) }
            }
            // A sweep that takes long, since someone holds an old snapshot, comes less often.
            let pause = max(settings.sweep, (ContinuousClock.now - began) * 20)
            // Cancellation ends the sleep and the loop.
            try? await Task.sleep(for: pause * Double.random(in: 0.8...1.2))
        }
        return nil
    }

    private func takeFigures() -> [WorkFigures] {
        defer { figures = [:] }
        return figures.values.sorted { $0.kind < $1.kind }
    }

    private nonisolated func fireSchedules() async -> Ending? {
        await scheduler.run()
        return nil
    }

    /// Says that the process lives. Ends when it was declared dead, or has to take itself for dead since nobody hears it.
    private func beat(as worker: UUID) async -> Ending? {
        var heard = ContinuousClock.now
        while !Task.isCancelled {
            // Cancellation ends the sleep and, with the answer of the beat, the loop.
            try? await Task.sleep(for: settings.beat)
            let news = takeFigures()
            let began = ContinuousClock.now
            do throws(PostgresError) {
                guard try await queue.beat(worker, lease: settings.lease, news) else {
                    log.warning("The lease was lost; its jobs start elsewhere.")
                    return .leaseLost
                }
                heard = began
            } catch {
                // What had been counted is counted with the next beat. If this one was heard after all, it counts twice: figures, not money.
                for figure in news { merge(figure) }
                if error.isWorthALine { log.warning("A heartbeat failed.", metadata: ["error": "\(error.reason)"]) }
                if ContinuousClock.now - heard > settings.lease - settings.beat * 0.5 { return .leaseLost }
            }
        }
        return nil
    }

    private func merge(_ figure: WorkFigures) {
        figures[figure.kind, default: WorkFigures(kind: figure.kind)].add(figure)
    }

    /// Ends when the time is over that running jobs have after a stop.
    private func waitForTheEnd() async -> Ending? {
        while !mustStop { await stopping.wait() }
        // Cancellation ends the sleep: then all has ended before.
        try? await Task.sleep(for: settings.patience)
        return .stopped
    }

    /// Claims and starts jobs until a stop is asked for; ends when the last of them has ended.
    private func claim(as worker: UUID) async -> Ending? {
        var isExpired = false
        await withDiscardingTaskGroup { jobs in
            while !mustStop, !isExpired {
                let free = settings.concurrency - held
                let orders = free > 0 ? line.next(free: free, now: .now, isOpen: isOpen) : []
                guard !orders.isEmpty else {
                    if free > 0, let due = line.nextDue { await bell.wait(until: due) } else { await bell.wait() }
                    continue
                }
                do throws(PostgresError) {
                    let claim = try await queue.claim(orders.map { limited($0) }, as: worker)
                    isExpired = claim.isExpired
                    take(claim)
                    for job in claim.jobs {
                        guard let handler = orders.first(where: { $0.lane == job.lane }).flatMap({ handlers[$0.kind.name] }) else {
                            continue
                        }
                        let slug = line.slug(of: job.lane)
                        jobs.addTask { await self.perform(job, handler, slug: slug) }
                    }
                } catch {
                    line.failed(orders, until: .now + .milliseconds(200))
                    if error.isWorthALine { log.warning("Claiming jobs failed.", metadata: ["error": "\(error.reason)"]) }
                }
            }
        }
        return isExpired ? .leaseLost : .stopped
    }

    private func limited(_ order: Queue.Order) -> Queue.Order {
        Queue.Order(lane: order.lane, since: order.since, wanted: min(order.wanted, settings.batch), kind: order.kind)
    }

    private func take(_ claim: Queue.Claim) {
        held += claim.jobs.count
        let counts = claim.jobs.reduce(into: [:]) { counts, job in counts[job.lane, default: 0] += 1 }
        for service in claim.services {
            line.served(service, count: counts[service.lane] ?? 0, now: .now, luck: .random(in: 0...1))
        }
        for job in claim.jobs {
            guard let kind = line.kind(of: job.lane) else { continue }
            figures[kind.name, default: WorkFigures(kind: kind.name)].started(late: job.late)
        }
    }

    private nonisolated func perform(_ job: ClaimedJob, _ handler: JobHandler, slug: String?) async {
        let run = JobRun(job: job, handler: handler, log: log)
        guard let slug, let tenant = directory.known(slug: slug), tenant.cell == cell, let scope = try? directory.scope(for: tenant) else {
            // Closed for maintenance since the claim; the sweep brings its jobs back.
            return await finish(JobEnd(job: job, word: .again, delay: .seconds(5), error: "The tenant cannot be reached."), handler.kind)
        }
        if let end = await run.end(in: scope.at(job.clock)) { await finish(end, handler.kind) }
    }

    private func finish(_ end: JobEnd, _ kind: JobKind) {
        figures[kind.name, default: WorkFigures(kind: kind.name)].ended(end.word)
        outbox.append(end)
        ends.ring()
    }

    /// Writes down what has ended: whatever came together while the last batch was on its way.
    private func writeDown(as worker: UUID) async -> Ending? {
        while !Task.isCancelled {
            await ends.wait()
            await flush(as: worker, retrying: true)
        }
        return nil
    }

    /// What ended stays in the outbox until it is written down: saying it twice changes nothing.
    private func flush(as worker: UUID, retrying: Bool) async {
        while !outbox.isEmpty {
            let batch = outbox
            do throws(PostgresError) {
                let written = try await queue.end(batch, as: worker)
                if retrying {
                    for end in batch where !written.contains(end.job.id) {
                        log.notice("A job ended here that was no longer this process's.", metadata: ["job": "\(end.job.id)"])
                    }
                }
                let sent = Set(batch.map(\.job.token))
                outbox.removeAll { sent.contains($0.job.token) }
                for end in batch { line.ended(in: end.job.lane) }
                held -= batch.count
                bell.ring()
            } catch {
                guard retrying, !Task.isCancelled else { return }
                log.warning("What became of jobs could not be written down yet.", metadata: ["error": "\(error.reason)"])
                // Cancellation ends the sleep and, with the next look, the loop.
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
    }
}

extension PostgresError {
    /// A stop cancels what is on its way; nobody needs to read of it.
    fileprivate var isWorthALine: Bool {
        if case .cancelled = self { false } else { true }
    }
}
