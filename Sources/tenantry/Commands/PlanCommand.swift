import ArgumentParser
import CRM
import Foundation
import Records
import Server
import Settings
import Tenancy

/// What can be rented.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Look at the plans and make new versions of them.",
        discussion: """
            A version never changes, and a tenant keeps the one it was sold: `tenantry tenant change-plan` gives it another. The plans that \
            every installation begins with stand in Config/plans.yaml.
            """,
        subcommands: [List.self, Show.self, Put.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the plans, each in its newest version.")

        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.readQuietSettings()
            let all = try await Installation.use(settings, log: Logs.start(settings)) { try await $0.plans.newest() }
            var table = TextTable(headings: ["name", "version", "users", "records", "price"])
            table.rows = all.map { plan in
                [
                    plan.key.name, "\(plan.key.version)", limit(plan, Resource.users), limit(plan, Resource.records), price(plan),
                ]
            }
            Answer(text: table.text, json: .array(all.map(\.document))).print(asJSON: common.json)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a plan, by default its newest version.")

        @Argument(help: "The plan's name.") var name: String
        @Option(help: "Which version.") var version: Int?
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.readQuietSettings()
            let versions = try await Installation.use(settings, log: Logs.start(settings)) { try await $0.plans.versions(of: name) }
            guard let newest = versions.first else { throw TenancyError.unknownPlan(name) }
            guard let plan = version.map({ version in versions.first { $0.key.version == version } }) ?? newest else {
                throw TenancyError.unknownPlanVersion(name, version ?? 0)
            }
            plan.answer.print(asJSON: common.json)
        }
    }

    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the next version of a plan, or a new plan, from a file.",
            discussion: """
                The file holds limits, rates, features and price, in YAML or JSON; `-` is standard input. A file that says what the newest \
                version says makes none.
                  tenantry plan put team --file team.yaml --reason "more for the same price"
                """)

        @Argument(help: "The plan's name.") var name: String
        @Option(help: ArgumentHelp("Where the plan stands.", valueName: "path")) var file: String
        @Option(help: "Why; the audit keeps it.") var reason: String?
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.readQuietSettings()
            let body = try PlanFile.json(of: try text(), path: file)
            let order: PlanOrder
            do throws(Problem) {
                order = try PlanOrder(name, JSON(plan: body), RecordTypes.builtIn)
            } catch {
                throw Refusal("\(file): \(error.sentence)")
            }
            let made = try await Installation.use(settings, log: Logs.start(settings)) { installation in
                try await installation.start()
                return try await installation.plans.put(order.name, order.terms, by: .commandLine(reason))
            }
            made.plan.answer.print(asJSON: common.json)
        }

        private func text() throws -> String {
            if file == "-" { return String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self) }
            do { return try String(contentsOfFile: file, encoding: .utf8) } catch {
                throw Refusal("The file \(file) cannot be read: \(error.localizedDescription)")
            }
        }
    }
}

extension Plan {
    fileprivate var answer: Answer {
        var lines = ["\(key.name)  version \(key.version), \(price(self))"]
        lines += (terms.limits.mapValues(String.init).merging(terms.rates.mapValues(String.init)) { $1 }).sorted { $0.key < $1.key }
            .map { "  \($0.key): \($0.value)" }
        lines += terms.features.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value ? "yes" : "no")" }
        return Answer(text: lines.joined(separator: "\n"), json: document)
    }
}

private func limit(_ plan: Plan, _ resource: String) -> String { plan.limits[resource].map(String.init) ?? "unlimited" }

private func price(_ plan: Plan) -> String {
    "\(plan.terms.price.amount) \(plan.terms.price.currency) per \(plan.terms.price.per.rawValue)"
}
