import ArgumentParser
import CRM
import Foundation
import Records
import Tenancy

extension TenantCommand {
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write everything a tenant has into a file that another installation takes in.",
            discussion: """
                A tar archive of JSON Lines and of the files on records, with a manifest of SHA-256 sums; the tenant works on. Sessions, API \
                keys and sealed secrets of the settings stay behind; passwords go along as digests: guard the file like a backup of the database.
                  tenantry tenant export acme --to acme.tar --reason "moves to another installation"
                """)

        @Argument(help: "The tenant's short name.") var slug: String
        @Option(help: ArgumentHelp("The file to write; it must not be there yet.", valueName: "path")) var to: String
        @Option(help: "Why; the audit keeps it.") var reason: String?
        @OptionGroup var common: CommonOptions

        func run() async throws {
            guard !FileManager.default.fileExists(atPath: to) else { throw Refusal("\(to) is there already.") }
            let settings = try common.readQuietSettings()
            let progress = Progress(unless: common.json)
            let report = try await Installation.use(settings, log: Logs.start(settings)) { installation in
                try await installation.start()
                guard let tenant = try await installation.directory.find(slug: slug) else { throw TenancyError.unknownTenant(slug) }
                let exit = TenantExit(try installation.directory.scope(for: tenant), RecordTypes.builtIn)
                try await installation.audit.append("export", target: slug, by: .commandLine(reason))
                let operators = try await installation.audit.everything(about: slug)
                let file = try UnfinishedFile(becoming: to)
                do {
                    let report = try await exit.write(
                        operators, files: installation.blobs, progress: { progress.say("\($0): \($1)") }
                    ) { try file.write($0) }
                    try file.finish()
                    return report
                } catch {
                    file.discard()
                    throw error
                }
            }
            progress.say("\(to): \(report.bytes) bytes", isLast: true)
            report.answer.print(asJSON: common.json)
        }
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take in a tenant from a file of `tenantry tenant export`: usable when the command ends.",
            discussion: """
                First the whole file is checked; a damaged one, or one of a newer schema, changes nothing. Then everything is loaded in one \
                transaction and compared with the manifest. API keys are made anew there, and secrets of the settings set again.
                  tenantry tenant import acme.tar --slug acme
                """)

        @Argument(help: "The file.") var file: String
        @Option(help: "Its short name here: 3 to 40 of a-z, 0-9 and inner hyphens, never given twice.") var slug: String
        @Option(help: "Its plan. Default: the setting tenants.default_plan.") var plan: String?
        @Option(help: "Where it lives. Default: the open cell that is least full.") var cell: String?
        @Option(help: "Why; the audit keeps it.") var reason: String?
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.readQuietSettings()
            let progress = Progress(unless: common.json)
            let tenant = try await Installation.use(settings, log: Logs.start(settings)) { installation in
                progress.say("\(file) is checked ...")
                let checked = try refusing { try ExitFile(checking: file, latest: installation.settings.schema.tenant.latest) }
                try await installation.start()
                do {
                    return try await installation.take(
                        checked, as: slug, cell: cell, plan: plan, RecordTypes.builtIn, by: .commandLine(reason)
                    ) { progress.say("\($0): \($1)") }
                } catch let refused as ExitFile.Refused {
                    throw Refusal("\(file): \(refused.description)")
                }
            }
            progress.say("\(file): taken in", isLast: true)
            tenant.answer.print(asJSON: common.json)
        }

        private func refusing<T>(_ work: () throws -> T) throws -> T {
            do { return try work() } catch let refused as ExitFile.Refused { throw Refusal("\(file): \(refused.description)") }
        }
    }

    struct Hash: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a digest of each record type: the same rows have the same digest in every installation.")

        @Argument(help: "The tenant's short name.") var slug: String
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.readQuietSettings()
            let report = try await Installation.use(settings, log: Logs.start(settings)) { installation in
                try await installation.start()
                guard let tenant = try await installation.directory.find(slug: slug) else { throw TenancyError.unknownTenant(slug) }
                return try await TenantExit(try installation.directory.scope(for: tenant), RecordTypes.builtIn).sums()
            }
            report.answer.print(asJSON: common.json)
        }
    }
}

extension TenantExit.Report {
    fileprivate var answer: Answer {
        var table = TextTable(headings: ["type", "records", "SHA-256"])
        table.rows = (types.members ?? []).map {
            [$0.name, $0.value["records"]?.integer.map(String.init) ?? "", $0.value["hash"]?.string ?? ""]
        }
        return Answer(text: table.text, json: ["bytes": JSON(bytes), "types": types])
    }
}
