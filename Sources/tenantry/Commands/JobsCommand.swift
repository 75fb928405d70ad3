import ArgumentParser
import Foundation
import Jobs
import Records
import Server
import Settings
import Tenancy

/// What waits, runs and has failed in the queues.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "Look at the queues and act on jobs.",
        discussion: "Every change is written to the audit; the same can be seen and done through /operator/v1/jobs.",
        subcommands: [List.self, Show.self, Retry.self, Cancel.self, Pause.self, Resume.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List jobs, the newest first; without --state what is not done.")

        @Option(help: "Only those in this state: ready, running, dead or done.") var state: JobView.State?
        @Option(help: "Only those of this kind.") var kind: String?
        @Option(help: "Only those of this tenant.") var tenant: String?
        @Option(help: "Only those in this cell.") var cell: String?
        @Option(help: "How many at most.") var limit = 50
        @OptionGroup var common: CommonOptions

        func run() async throws {
            var filter = JobDesk.Filter()
            (filter.state, filter.kind, filter.tenant, filter.cell) = (state, kind, tenant, cell)
            let (wanted, most) = (filter, max(1, limit))
            let jobs = try await atDesk(common) { try await $0.page(wanted, limit: most) }
            var table = TextTable(headings: ["id", "tenant", "kind", "state", "due", "attempt", "error"])
            table.rows = jobs.map {
                [
                    $0.id.text, $0.tenant, $0.kind, $0.state.rawValue, shown($0.runAt),
                    "\($0.attempt)/\($0.maximumAttempts)", String(($0.error ?? "").prefix(60)),
                ]
            }
            Answer(text: table.text, json: .array(jobs.map(\.json))).print(asJSON: common.json)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one job.")

        @Argument(help: "Its id.") var id: UUID
        @OptionGroup var common: CommonOptions

        func run() async throws {
            guard let job = try await atDesk(common, { try await $0.find(id) }) else { throw Refusal("There is no such job.") }
            job.answer.print(asJSON: common.json)
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Start a job now: before its time, or again after it died.")

        @Argument(help: "Its id.") var id: UUID
        @Option(help: "Why; the audit keeps it.") var reason: String?
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await atDesk(common) { try await $0.retry(id, by: .commandLine(reason)) }.answer.print(asJSON: common.json)
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take a job out of the queue for good, unless it has begun.")

        @Argument(help: "Its id.") var id: UUID
        @Option(help: "Why; the audit keeps it.") var reason: String?
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await atDesk(common) { try await $0.cancel(id, by: .commandLine(reason)) }
            Answer(text: "The job is cancelled.", json: ["id": .string(id.text)]).print(asJSON: common.json)
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Start nothing more of a kind, for one tenant or for all; what runs ends.")

        @Argument(help: "The kind.") var kind: String
        @Option(help: "Only for this tenant.") var tenant: String?
        @Option(help: "Why; the audit keeps it.") var reason: String?
        @OptionGroup var common: CommonOptions

        func run() async throws {
            guard try await atDesk(common, { try await $0.pause(kind, of: tenant, by: .commandLine(reason)) }) else {
                throw TenancyError.unknownTenant(tenant ?? "")
            }
            Answer(text: "\(kind) is paused.", json: ["kind": .string(kind), "paused": true]).print(asJSON: common.json)
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a paused kind go on.")

        @Argument(help: "The kind.") var kind: String
        @Option(help: "Only for this tenant.") var tenant: String?
        @Option(help: "Why; the audit keeps it.") var reason: String?
        @OptionGroup var common: CommonOptions

        func run() async throws {
            guard try await atDesk(common, { try await $0.resume(kind, of: tenant, by: .commandLine(reason)) }) else {
                throw TenancyError.unknownTenant(tenant ?? "")
            }
            Answer(text: "\(kind) goes on.", json: ["kind": .string(kind), "paused": false]).print(asJSON: common.json)
        }
    }
}

/// Asks or acts as an operator does, and says in a sentence why not.
private func atDesk<T: Sendable>(_ common: CommonOptions, _ body: (JobDesk) async throws -> T) async throws -> T {
    let settings = try common.readQuietSettings()
    return try await Installation.use(settings, log: Logs.start(settings)) { installation in
        try await installation.start()
        do {
            return try await body(JobDesk(installation))
        } catch let refusal as JobDesk.Refusal {
            throw Refusal(refusal.sentence)
        }
    }
}

extension JobView {
    fileprivate var answer: Answer {
        let lines = (json.members ?? []).map { "\($0.name): \($0.value.string ?? $0.value.text)" }
        return Answer(text: lines.joined(separator: "\n"), json: json)
    }

    fileprivate var json: JSON { JobDocument.of(self) }
}

extension JobView.State: ExpressibleByArgument {}
extension UUID: @retroactive ExpressibleByArgument {
    /// Any writing of a UUID.
    public init?(argument: String) { self.init(uuidString: argument) }
}
