import ArgumentParser
import Records
import Settings
import Tenancy

/// The databases that tenants live in.
struct CellCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cell",
        abstract: "Look at the cells and add new ones.",
        discussion: "A cell is one database with its own login role, for up to 1,000 tenants. An installation grows by adding cells.",
        subcommands: [Add.self, List.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prepare another database as a cell; new tenants may live there at once.",
            discussion: """
                The role in the address owns that database and has CREATEROLE. Saying it again with the same words does nothing.
                  tenantry cell add north --url postgresql://owner:...@db2.example.com/north
                """)

        @Argument(help: "Its name: lower-case letters and digits.") var name: String
        @Option(help: "The owner's address of the database.") var url: String
        @Option(help: "How many tenants it takes.") var tenantLimit = 1000
        @Option(help: "Why; the audit keeps it.") var reason: String?
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.readQuietSettings()
            let cell = try await Installation.use(settings, log: Logs.start(settings)) { installation in
                try await installation.start()
                return try await installation.cellList.add(name: name, url: url, tenantLimit: tenantLimit, by: .commandLine(reason))
            }
            Answer(text: "Cell \(cell.name) takes tenants now.", json: json(cell, tenants: nil)).print(asJSON: common.json)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the cells and how full they are.")

        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.readQuietSettings()
            let all = try await Installation.use(settings, log: Logs.start(settings)) { try await $0.cellList.all() }
            var table = TextTable(headings: ["name", "state", "tenants", "limit", "schema"])
            table.rows = all.map {
                [$0.cell.name, $0.cell.state.rawValue, "\($0.tenants)", "\($0.cell.tenantLimit)", "\($0.cell.schemaVersion)"]
            }
            Answer(text: table.text, json: .array(all.map { json($0.cell, tenants: $0.tenants) })).print(asJSON: common.json)
        }
    }
}

private func json(_ cell: Cell, tenants: Int?) -> JSON {
    [
        "name": .string(cell.name), "state": .string(cell.state.rawValue), "tenants": tenants.map { JSON($0) } ?? .null,
        "tenant_limit": JSON(cell.tenantLimit), "schema_version": JSON(cell.schemaVersion),
    ]
}
