import ArgumentParser
import CRM
import Records
import Settings

/// Shows the settings in force.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Show the settings in force and where each came from; secrets stay hidden.",
        discussion: """
            Reads all sources as the server would and connects to nothing, so it also checks a file before it goes into use:
              tenantry config --config /etc/tenantry.yaml
            Wrong or unknown settings are all named at once, and the exit status is 78.
            """)

    @Flag(help: "Print the table of all settings as Markdown instead.")
    var reference = false

    @Flag(help: "Print the table of what each tenant decides for itself as Markdown instead.")
    var tenantReference = false

    @Flag(help: "Only what somebody has set.")
    var changed = false

    @OptionGroup var common: CommonOptions

    func run() async throws {
        if reference { return tell(SettingsReference.markdown) }
        if tenantReference { return tell(TenantSettings.markdown) }
        let report = try common.readSettings().report.filter { !changed || $0.origin != .initial }
        var table = TextTable(headings: ["setting", "value", "from"])
        table.rows = report.map { [$0.declaration.name, $0.value ?? "-", $0.origin.description] }
        let members = report.map { entry in
            JSON.Member(entry.declaration.name, ["value": JSON(entry.value), "from": .string(entry.origin.description)])
        }
        Answer(text: table.text, json: .object(members)).print(asJSON: common.json)
    }

    private func tell(_ markdown: String) {
        Answer(text: markdown, json: ["reference": .string(markdown)]).print(asJSON: common.json)
    }
}
