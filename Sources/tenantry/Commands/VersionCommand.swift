import ArgumentParser
import Records
import Schema

/// Says which version this is and which schemas it carries.
struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Show the version, and the versions of the schemas that it brings.")

    @Flag(help: "Answer with one line of JSON.")
    var json = false

    func run() async throws {
        let files = SchemaFiles.embedded
        let text = """
            \(Version.text)
            schema of control \(files.control.latest), of a cell \(files.cell.latest), of a tenant \(files.tenant.latest)
            """
        let schema: JSON = ["control": JSON(files.control.latest), "cell": JSON(files.cell.latest), "tenant": JSON(files.tenant.latest)]
        Answer(text: text, json: ["version": .string(Version.number), "schema": schema]).print(asJSON: json)
    }
}
