import ArgumentParser
import CRM
import Foundation
import Records
import Server
import Settings
import Tenancy

extension TenantCommand {
    struct ChangePlan: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "change-plan",
            abstract: "Give a tenant another plan, in force in every process within two seconds.",
            discussion: """
                Nothing is deleted: of what is more than the new plan allows, the newest can only be read and deleted until there is room.
                  tenantry tenant change-plan acme --plan team --reason "has grown"
                  tenantry tenant change-plan acme --plan team --overrides '{"limits":{"users":40}}' --reason "as agreed"
                """)

        @Argument(help: "The tenant's short name.") var slug: String
        @Option(help: "The plan's name.") var plan: String
        @Option(help: "Which version. Default: the newest.") var version: Int?
        @Option(help: ArgumentHelp("What is agreed beside the plan; `{}` takes all of it away. Default: as it was.", valueName: "json"))
        var overrides: String?
        @Option(help: "Why; the audit keeps it.") var reason: String
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.readQuietSettings()
            let change = PlanChange(plan: plan, version: version, overrides: try readOverrides())
            let tenant = try await Installation.use(settings, log: Logs.start(settings)) { installation in
                try await installation.start()
                return try await installation.changePlan(of: slug, to: change, by: .commandLine(reason))
            }
            tenant.answer.print(asJSON: common.json)
        }

        private func readOverrides() throws -> Overrides? {
            guard let overrides else { return nil }
            do throws(Problem) {
                return try Overrides(order: JSON(plan: overrides.utf8), RecordTypes.builtIn)
            } catch {
                throw Refusal("`--overrides`: \(error.sentence)", .wrongUsage)
            }
        }
    }

    struct Recounting: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "recount",
            abstract: "Count anew what tenants have of what plans limit, and put right what differs.",
            discussion: """
                Safe while the tenants work. Once after a migration that ran beside servers of an older version; otherwise it finds nothing.
                Exit status: 0 everything was right, 2 something was put right.
                """)

        @Argument(help: "The tenant's short name. Default: every tenant.") var slug: String?
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.readQuietSettings()
            let progress = Progress(unless: common.json)
            let found = try await Installation.use(settings, log: Logs.start(settings)) { installation in
                try await installation.start()
                var found: [(tenant: Tenant, drifts: [Recount.Drift])] = []
                let all = try tenants(installation)
                for tenant in all {
                    found.append((tenant, try await Recount(installation).run(tenant)))
                    progress.say("\(found.count) of \(all.count) tenants", isLast: found.count == all.count)
                }
                return found
            }
            let wrong = found.flatMap { tenant, drifts in drifts.map { (tenant.slug, $0) } }
            let lines = wrong.map { "\($0): \($1.resource) was \($1.was) and is \($1.found)" }
            let json: JSON = .array(
                wrong.map { slug, drift in
                    [
                        "tenant": .string(slug), "resource": .string(drift.resource), "was": JSON(drift.was), "found": JSON(drift.found),
                    ]
                })
            let summary = "\(found.count) tenants counted, \(wrong.count) numbers put right."
            Answer(text: (lines + [summary]).joined(separator: "\n"), json: ["tenants": JSON(found.count), "drift": json])
                .print(asJSON: common.json)
            if !wrong.isEmpty { throw ExitCode(ExitStatus.partly.rawValue) }
        }

        private func tenants(_ installation: Installation) throws -> [Tenant] {
            let all = installation.directory.tenants.filter { $0.state.allowsReads && $0.quarantinedReason == nil }
            guard let slug else { return all }
            guard let one = all.first(where: { $0.slug == slug }) else { throw TenancyError.unknownTenant(slug) }
            return [one]
        }
    }
}
