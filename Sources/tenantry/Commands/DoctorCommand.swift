import ArgumentParser
import Records
import Tenancy

/// Looks whether an installation is healthy.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check settings, connections, rights, versions and isolation, and say what to do.",
        discussion: """
            Changes nothing. Run it after each change of the database's configuration, and first when something is odd:
              tenantry doctor --config /etc/tenantry.yaml
            Exit status: 0 all is well, 2 there is something to do.
            """)

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let settings = try common.readQuietSettings()
        let progress = Progress(unless: common.json)
        let findings = try await Installation.use(settings, log: Logs.start(settings)) { installation in
            await installation.doctor.examine { progress.say($0) }
        }
        progress.say("All is looked at.", isLast: true)
        let isFine = findings.allSatisfy(\.isFine)
        let text = findings.map { finding in
            finding.isFine ? "  ok    \(finding.what)" : "  LOOK  \(finding.what)" + (finding.advice.map { "\n        -> \($0)" } ?? "")
        }.joined(separator: "\n")
        let json: JSON = [
            "fine": .bool(isFine),
            "findings": .array(findings.map { ["what": .string($0.what), "fine": .bool($0.isFine), "advice": JSON($0.advice)] }),
        ]
        Answer(text: text, json: json).print(asJSON: common.json)
        if !isFine { throw ExitCode(ExitStatus.partly.rawValue) }
    }
}
