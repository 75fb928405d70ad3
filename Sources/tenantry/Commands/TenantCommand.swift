import ArgumentParser
import Foundation
import Records
import Tenancy

/// The firms that rent an account.
struct TenantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenant",
        abstract: "Provision tenants and look after them.",
        discussion: "Every change is written to the audit with the reason given; the same can be done through /operator/v1.",
        subcommands: [
            Create.self, List.self, Show.self, MarkPastDue.self, MarkPaid.self, Suspend.self, Resume.self, SuspendAll.self, ResumeAll.self,
            Delete.self, CancelDeletion.self,
            ChangePlan.self, Grant.self, Grants.self, RevokeGrant.self, Migrate.self,
            Recounting.self, Export.self, Import.self, Hash.self, Clone.self, Move.self, Snapshot.self, Restore.self, Stats.self,
        ])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List tenants by slug, deleted ones included.")

        @Option(help: "Only those in this state: active, trial, suspended, ...") var state: TenantState?
        @Option(help: "Only those whose slug or name holds this.") var holding: String?
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.readQuietSettings()
            let all = try await Installation.use(settings, log: Logs.start(settings)) { try await every($0) }
            var table = TextTable(headings: ["slug", "state", "plan", "cell", "since", "name"])
            table.rows = all.map { [$0.slug, $0.state.rawValue, $0.plan.name, $0.cell, shown($0.createdAt), $0.name] }
            Answer(text: table.text, json: .array(all.map(\.json))).print(asJSON: common.json)
        }

        private func every(_ installation: Installation) async throws -> [Tenant] {
            var all: [Tenant] = []
            while true {
                let page = try await installation.tenants.page(after: all.last?.slug, holding: holding, state: state, limit: 500)
                all += page
                if page.count < 500 { return all }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one tenant.")

        @Argument(help: "The tenant's short name.") var slug: String
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.readQuietSettings()
            let tenant = try await Installation.use(settings, log: Logs.start(settings)) { try await $0.directory.find(slug: slug) }
            guard let tenant else { throw TenancyError.unknownTenant(slug) }
            tenant.answer.print(asJSON: common.json)
        }
    }

    struct MarkPastDue: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say that a tenant has not paid: everything works until the grace ends, then it is suspended.")

        @Argument(help: "The tenant's short name.") var slug: String
        @Option(help: "Why; the audit keeps it.") var reason: String
        @Option(help: "The grace. Default: the setting tenants.grace_days. Said again it moves the day.") var graceDays: Int?
        @OptionGroup var common: CommonOptions

        func validate() throws {
            if let graceDays, !(0...3650).contains(graceDays) { throw ValidationError("`--grace-days` is a number from 0 to 3650.") }
        }

        func run() async throws {
            let grace = graceDays.map { Duration.seconds($0 * 86_400) }
            try await change(slug, reason, common) { try await $0.markPastDue($1, grace: grace, by: $2) }
        }
    }

    struct MarkPaid: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say that a tenant has paid; ends a trial too. One that is suspended is resumed first.")

        @Argument(help: "The tenant's short name.") var slug: String
        @Option(help: "Why; the audit keeps it.") var reason: String
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await change(slug, reason, common) { try await $0.markPaid($1, by: $2) }
        }
    }

    struct Suspend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Close a tenant to writing; its people still sign in, read and export.")

        @Argument(help: "The tenant's short name.") var slug: String
        @Option(help: "Why; the audit keeps it.") var reason: String
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await change(slug, reason, common) { try await $0.suspend($1, by: $2) }
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Open a suspended tenant again.")

        @Argument(help: "The tenant's short name.") var slug: String
        @Option(help: "Why; the audit keeps it.") var reason: String
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await change(slug, reason, common) { try await $0.resume($1, by: $2) }
        }
    }

    struct CancelDeletion: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Keep a tenant whose deletion was scheduled.")

        @Argument(help: "The tenant's short name.") var slug: String
        @Option(help: "Why; the audit keeps it.") var reason: String
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await change(slug, reason, common) { try await $0.cancelDeletion($1, by: $2) }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Schedule a tenant's deletion, by default in 30 days; until then it can be cancelled.",
            discussion: """
                Until the day it is closed to writing, and `tenantry tenant cancel-deletion` brings it back. Then its data is gone for good; \
                its short name is never given again.
                  tenantry tenant delete acme --reason "contract ended"
                  tenantry tenant delete acme --reason "court order" --now acme
                """)

        @Argument(help: "The tenant's short name.") var slug: String
        @Option(help: "Why; the audit keeps it.") var reason: String
        @Option(help: "In how many days.") var afterDays = 30
        @Option(help: ArgumentHelp("At once and for good; say the short name again.", valueName: "slug")) var now: String?
        @OptionGroup var common: CommonOptions

        func validate() throws {
            if let now, now != slug { throw ValidationError("`--now` wants the short name again, \(slug), not \(now).") }
            if afterDays < 0 { throw ValidationError("`--after-days` cannot be negative.") }
        }

        func run() async throws {
            let (isNow, days) = (now != nil, afterDays)
            try await change(slug, reason, common) { lifecycle, slug, instruction in
                guard isNow else { return try await lifecycle.scheduleDeletion(slug, after: .seconds(days * 86_400), by: instruction) }
                _ = try await lifecycle.scheduleDeletion(slug, after: .zero, by: instruction)
                return try await lifecycle.delete(slug, by: instruction)
            }
        }
    }
}

/// Says one verb to one tenant and shows what became of it.
private func change(
    _ slug: String, _ reason: String, _ common: CommonOptions, _ verb: (Lifecycle, String, Instruction) async throws -> Tenant
) async throws {
    let settings = try common.readQuietSettings()
    let tenant = try await Installation.use(settings, log: Logs.start(settings)) { installation in
        try await installation.start()
        return try await verb(installation.lifecycle, slug, .commandLine(reason))
    }
    tenant.answer.print(asJSON: common.json)
}

extension TenantState: ExpressibleByArgument {}
