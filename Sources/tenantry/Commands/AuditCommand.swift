import ArgumentParser
import Records
import Server
import Tenancy

/// What operators did, and whether the record of it is whole.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Read the operators' audit and check that nothing in it was altered or is missing.",
        subcommands: [List.self, Verify.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List what was done, the newest first.")

        @Option(help: "Only what was done to this, for instance a tenant's short name.") var target: String?
        @Option(help: "How many at most.") var limit = 50
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.readQuietSettings()
            let (target, most) = (target, max(1, limit))
            let entries = try await Installation.use(settings, log: Logs.start(settings)) {
                try await $0.audit.entries(target: target, limit: most)
            }
            var table = TextTable(headings: ["seq", "at", "actor", "action", "target", "reason"])
            table.rows = entries.map { [String($0.seq), shown($0.at), $0.actor, $0.action, $0.target ?? "", $0.reason ?? ""] }
            let rows = try entries.map { try JSON(parsing: Array($0.json.utf8)) }
            Answer(text: table.text, json: .array(rows)).print(asJSON: common.json)
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read the whole audit and find every row that was altered or is missing.",
            discussion: """
                Every hash is made anew here. The head that is printed is worth keeping outside this installation: shown with --known the next \
                time, it also tells of a chain that was cut and sealed anew by someone who has the database and the key.
                  tenantry audit verify
                  tenantry audit verify --known 1042:5f6c...
                Exit status: 0 everything is as it was written, 2 something is not.
                """)

        @Option(help: ArgumentHelp("The head that an earlier run printed.", valueName: "seq:hash")) var known: String?
        @OptionGroup var common: CommonOptions

        func validate() throws {
            if let known, AuditChain.Head(known) == nil { throw ValidationError("`--known` is a head as `audit verify` prints it.") }
        }

        func run() async throws {
            let settings = try common.readQuietSettings()
            let head = known.flatMap { AuditChain.Head($0) }
            let report = try await Installation.use(settings, log: Logs.start(settings)) { try await $0.auditChain.verify(against: head) }
            let lines = report.flaws.map { "row \($0.seq): \($0.what)" }
            let summary =
                report.flaws.isEmpty
                ? "All \(report.rows) rows are as they were written." : "\(report.rows) rows read; the audit is not whole."
            Answer(text: (lines + [summary, "head \(report.head.text)"]).joined(separator: "\n"), json: AuditReport.document(report))
                .print(asJSON: common.json)
            if !report.flaws.isEmpty { throw ExitCode(ExitStatus.partly.rawValue) }
        }
    }
}
