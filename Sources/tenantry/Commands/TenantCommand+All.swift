import ArgumentParser
import Records
import Tenancy

extension TenantCommand {
    struct SuspendAll: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "suspend-all",
            abstract: "Close every tenant to writing, one transaction each.",
            discussion: """
                Interrupted, say it again: those that are closed stay so. `resume-all` opens those that this closed.
                  tenantry tenant suspend-all --reason "move to the new data centre"
                Exit status: 0 all done, 2 some could not be.
                """)

        @Option(help: "Why; the audit keeps it.") var reason: String
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await changeAll(common) { installation in
                installation.directory.tenants.filter { $0.state.allowsWrites }.map(\.slug)
            } verb: {
                try await $0.suspend($1, by: .commandLine(reason))
            }
        }
    }

    struct ResumeAll: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "resume-all",
            abstract: "Open every tenant again that was suspended for a reason, one transaction each.",
            discussion: """
                Those that were suspended for another reason stay closed. Interrupted, say it again.
                  tenantry tenant resume-all --suspended-for "move to the new data centre" --reason "it has moved"
                Exit status: 0 all done, 2 some could not be.
                """)

        @Option(help: "The reason that they were suspended for, word for word.") var suspendedFor: String
        @Option(help: "Why; the audit keeps it.") var reason: String
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await changeAll(common) { installation in
                try await installation.audit.suspended(for: suspendedFor)
            } verb: {
                try await $0.resume($1, by: .commandLine(reason))
            }
        }
    }
}

/// Says one verb to many tenants, one after another, and tells how far it is.
private func changeAll(
    _ common: CommonOptions, _ slugs: (Installation) async throws -> [String],
    verb: (Lifecycle, String) async throws -> Tenant
) async throws {
    let settings = try common.readQuietSettings()
    let progress = Progress(unless: common.json)
    let (done, failed) = try await Installation.use(settings, log: Logs.start(settings)) { installation in
        try await installation.start()
        let all = try await slugs(installation)
        var (done, failed): (Int, [(slug: String, why: String)]) = (0, [])
        for slug in all {
            do {
                _ = try await verb(installation.lifecycle, slug)
                done += 1
            } catch let error as TenancyError {
                // Another operator was faster; the others go on.
                failed.append((slug, error.message))
            }
            progress.say("\(done + failed.count) of \(all.count) tenants", isLast: done + failed.count == all.count)
        }
        return (done, failed)
    }
    let lines = failed.map { "\($0.slug): \($0.why)" } + ["\(done) tenants changed."]
    let json: JSON = [
        "done": JSON(done), "failed": .array(failed.map { ["tenant": .string($0.slug), "reason": .string($0.why)] }),
    ]
    Answer(text: lines.joined(separator: "\n"), json: json).print(asJSON: common.json)
    if !failed.isEmpty { throw ExitCode(ExitStatus.partly.rawValue) }
}
