import ArgumentParser
import Foundation
import Records
import Tenancy

/// Those who run the installation.
struct OperatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "operator", abstract: "Let people and programs use the operators' API.",
        subcommands: [Create.self, List.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an operator and print the token, once.",
            discussion: """
                The token opens /operator/v1 as `Authorization: Bearer to_...`; only its fingerprint is kept. Example:
                  tenantry operator create --name alice --role support
                A viewer reads; support also suspends and resumes tenants; an admin does everything.
                """)

        @Option(help: "What the operator may do: viewer, support or admin.") var role: Operator.Role
        @Option(help: "How the audit names the operator. Default: the role and a few letters.") var name: String?
        @Option(help: "Why; the audit keeps it.") var reason: String?
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.readQuietSettings()
            let name = name ?? "\(role.rawValue)-\(UUID().uuidString.prefix(6).lowercased())"
            let made = try await Installation.use(settings, log: Logs.start(settings)) { installation in
                try await installation.operators.create(name: name, role: role, by: .commandLine(reason))
            }
            let json: JSON = ["name": .string(name), "role": .string(role.rawValue), "token": .string(made.token.text)]
            Answer(text: "\(made.token.text)", json: json).print(asJSON: common.json)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List everyone who has or had access.")

        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.readQuietSettings()
            let all = try await Installation.use(settings, log: Logs.start(settings)) { try await $0.operators.all() }
            var table = TextTable(headings: ["name", "role", "since", "last used", "revoked"])
            table.rows = all.map { [$0.name, $0.role.rawValue, shown($0.createdAt), shown($0.lastUsedAt), shown($0.revokedAt)] }
            let json = all.map { one -> JSON in
                [
                    "name": .string(one.name), "role": .string(one.role.rawValue), "created_at": time(one.createdAt),
                    "last_used_at": time(one.lastUsedAt), "revoked_at": time(one.revokedAt),
                ]
            }
            Answer(text: table.text, json: .array(json)).print(asJSON: common.json)
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End an operator's access, within a second.")

        @Argument(help: "Whose.") var name: String
        @Option(help: "Why; the audit keeps it.") var reason: String
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.readQuietSettings()
            try await Installation.use(settings, log: Logs.start(settings)) { installation in
                try await installation.operators.revoke(name: name, by: .commandLine(reason))
            }
            Answer(text: "\(name) has no access any more.", json: ["name": .string(name), "revoked": true]).print(asJSON: common.json)
        }
    }
}

extension Operator.Role: ExpressibleByArgument {}

extension Instruction {
    /// Who is at the terminal, for the audit: `command line:alice`.
    static func commandLine(_ reason: String? = nil) -> Instruction {
        Instruction(actor: "command line:\(NSUserName())", reason: reason)
    }
}

/// A time as a table shows it.
func shown(_ date: Date?) -> String {
    date?.formatted(.iso8601.year().month().day().dateSeparator(.dash)) ?? "-"
}

/// A time as JSON has it everywhere: RFC 3339 in UTC with milliseconds.
func time(_ date: Date?) -> JSON {
    JSON(date?.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
}
