import ArgumentParser
import CRM
import Foundation
import Records
import Tenancy

/// What tenants are furnished with.
struct BlueprintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "blueprint", abstract: "Furnish tenants for a line of business.", subcommands: [List.self, Apply.self, Remove.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "What there is.")

        @OptionGroup var common: CommonOptions

        func run() async throws {
            let blueprints = try Blueprints.builtIn
            let lines = blueprints.all.map { "\($0.name.padding(toLength: 18, withPad: " ", startingAt: 0))\($0.title): \($0.summary)" }
            let json = blueprints.all.map { blueprint -> JSON in
                [
                    "name": .string(blueprint.name), "title": .string(blueprint.title), "summary": .string(blueprint.summary),
                    "contents": blueprint.contents,
                ]
            }
            Answer(text: lines.joined(separator: "\n"), json: ["blueprints": .array(json)]).print(asJSON: common.json)
        }
    }

    struct Apply: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a tenant what a blueprint has and the tenant does not.",
            discussion: """
                Record types, fields, pipelines, views, templates and sample records. Again, it changes nothing; interrupted, it goes on.
                  tenantry blueprint apply acme brewery --reason "as ordered"
                """)

        @Argument(help: "The tenant's short name.") var slug: String
        @Argument(help: "The blueprint's name.") var name: String
        @Option(help: "Why; the audit keeps it.") var reason: String
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await BlueprintCommand.work(common, slug, name) { try await $0.apply(by: .commandLine(reason)) }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take away what a blueprint brought, unless it is used or was changed.",
            discussion: "The tenant's data stays. The answer says what stayed, and why.")

        @Argument(help: "The tenant's short name.") var slug: String
        @Argument(help: "The blueprint's name.") var name: String
        @Option(help: "Why; the audit keeps it.") var reason: String
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await BlueprintCommand.work(common, slug, name) { try await $0.remove(by: .commandLine(reason)) }
        }
    }

    private static func work(
        _ common: CommonOptions, _ slug: String, _ name: String, _ body: (BlueprintWork) async throws -> [BlueprintWork.Outcome]
    ) async throws {
        let settings = try common.readQuietSettings()
        let blueprint = try Blueprints.named(name)
        let outcomes = try await Installation.use(settings, log: Logs.start(settings)) { installation in
            try await installation.start()
            guard let tenant = try await installation.directory.find(slug: slug) else { throw TenancyError.unknownTenant(slug) }
            do {
                return try await body(try await BlueprintWork(blueprint, for: tenant, in: installation, .builtIn))
            } catch let problem as Problem {
                throw Refusal(problem.sentence)
            }
        }
        let report = BlueprintReport(name, outcomes)
        let lines = outcomes.filter { $0.reason != nil }.map { "  \($0.type) \($0.title): \($0.word.rawValue). \($0.reason ?? "")" }
        let summary = report.counts.map { "\($0.count) \($0.word.rawValue.replacing("_", with: " "))" }.joined(separator: ", ")
        Answer(text: (["\(name) in \(slug): \(summary)"] + lines).joined(separator: "\n"), json: report.document).print(asJSON: common.json)
    }
}
