import ArgumentParser
import CRM
import Foundation
import Records
import Tenancy

extension TenantCommand {
    struct Clone: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make another tenant with the same rows: usable when the command ends.",
            discussion: """
                Passwords, sessions, API keys and mail in flight stay behind; reminders are paused. With --mask names, addresses, numbers and \
                texts are replaced by others of the same form, the same everywhere, and files stay behind. Interrupted, say it again.
                  tenantry tenant clone acme --as acme-sandbox --mask --reason "training"
                """)

        @Argument(help: "The tenant's short name.") var slug: String
        @Option(name: .customLong("as"), help: "The new tenant's short name.") var name: String
        @Flag(help: "Nobody can tell who the people are.") var mask = false
        @Option(help: "Why; the audit keeps it.") var reason: String
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.readQuietSettings()
            let progress = Progress(unless: common.json)
            let clone = TenantClone(as: name, masked: mask)
            let tenant = try await Installation.use(settings, log: Logs.start(settings)) { installation in
                try await installation.start()
                guard let source = try await installation.directory.find(slug: slug) else { throw TenancyError.unknownTenant(slug) }
                do { try await clone.check(source, installation) } catch let problem as Problem { throw Refusal(problem.sentence) }
                try await installation.audit.append("clone", target: slug, by: .commandLine(reason))
                return try await clone.run(source, RecordTypes.builtIn, installation, by: .commandLine(reason)) {
                    progress.say("\($0): \($1)")
                }
            }
            tenant.answer.print(asJSON: common.json)
        }
    }

    struct Snapshot: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a tenant as it is now into a file from which it can be brought back.",
            discussion: """
                The tenant works on. The file holds API keys, digests of passwords and sealed secrets: guard it like a backup of the database.
                  tenantry tenant snapshot acme --to acme.snapshot --reason "before the import"
                """)

        @Argument(help: "The tenant's short name.") var slug: String
        @Option(help: ArgumentHelp("The file to write; it must not be there yet.", valueName: "path")) var to: String
        @Option(help: "Why; the audit keeps it.") var reason: String
        @OptionGroup var common: CommonOptions

        func run() async throws {
            guard !FileManager.default.fileExists(atPath: to) else { throw Refusal("\(to) is there already.") }
            let settings = try common.readQuietSettings()
            let progress = Progress(unless: common.json)
            let bytes = try await Installation.use(settings, log: Logs.start(settings)) { installation in
                try await installation.start()
                guard let tenant = try await installation.directory.find(slug: slug) else { throw TenancyError.unknownTenant(slug) }
                try await installation.audit.append("snapshot", target: slug, by: .commandLine(reason))
                let snapshot = TenantSnapshot(try installation.directory.scope(for: tenant), RecordTypes.builtIn)
                let file = try UnfinishedFile(becoming: to)
                do {
                    let bytes = try await snapshot.write(files: installation.blobs, progress: { progress.say("\($0): \($1)") }) {
                        try file.write($0)
                    }
                    try file.finish()
                    return bytes
                } catch {
                    file.discard()
                    throw error
                }
            }
            Answer(text: "\(to): \(bytes) bytes", json: ["file": .string(to), "bytes": JSON(bytes)]).print(asJSON: common.json)
        }
    }

    struct Restore: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Bring a tenant back to what a snapshot of it says; what was written since is gone.",
            discussion: """
                The whole file is checked first. The tenant is then either as it was or as the file says; interrupted, say it again. Everybody \
                signs in anew; keys that were revoked since stay so, and who objected to mail gets none; reminders are planned from now on.
                  tenantry tenant restore acme --from acme.snapshot --reason "the import was wrong"
                """)

        @Argument(help: "The tenant's short name.") var slug: String
        @Option(help: "The file.") var from: String
        @Option(help: "Why; the audit keeps it.") var reason: String
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.readQuietSettings()
            let progress = Progress(unless: common.json)
            let tenant = try await Installation.use(settings, log: Logs.start(settings)) { installation in
                do {
                    let file = try ExitFile(
                        checking: from, latest: installation.settings.schema.tenant.latest, format: TenantSnapshot.format)
                    try await installation.start()
                    guard let tenant = try await installation.directory.find(slug: slug) else { throw TenancyError.unknownTenant(slug) }
                    return try await TenantRestore(file, RecordTypes.builtIn).run(tenant, installation, by: .commandLine(reason)) {
                        progress.say("\($0): \($1)")
                    }
                } catch let refused as ExitFile.Refused {
                    throw Refusal("\(from): \(refused.description)")
                }
            }
            tenant.answer.print(asJSON: common.json)
        }
    }

    struct Move: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Move a tenant to another cell, its waiting jobs too.",
            discussion: """
                Nothing is written for the seconds that it takes; reading goes on. Interrupted, say it again: it goes on, or begins anew. Its \
                own cell takes back a move that has not come to its end.
                  tenantry tenant move acme --cell north --reason "more room"
                """)

        @Argument(help: "The tenant's short name.") var slug: String
        @Option(help: "Where it goes.") var cell: String
        @Option(help: "Why; the audit keeps it.") var reason: String
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.readQuietSettings()
            let progress = Progress(unless: common.json)
            let tenant = try await Installation.use(settings, log: Logs.start(settings)) { installation in
                try await installation.start()
                return try await installation.move(slug, to: cell, RecordTypes.builtIn, by: .commandLine(reason)) {
                    progress.say("\($0): \($1)")
                }
            }
            tenant.answer.print(asJSON: common.json)
        }
    }
}
