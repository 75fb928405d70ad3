import ArgumentParser
import Foundation
import Records
import ServiceLifecycle
import Settings

/// Everything at once, for a first look and for development.
struct DevCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dev",
        abstract: "Run everything on this machine: a private PostgreSQL, the API, an operator and sample data.",
        discussion: """
            Nothing but an installed PostgreSQL is needed. Its data, the credentials made up at the first start and mail as .eml files are kept \
            in one folder; a second start on the same folder goes on where the first ended. With `-- database_url=...` a database of your own \
            is used instead. Ctrl-C or SIGTERM stops everything, PostgreSQL included, within 25 seconds, with status 0.
              tenantry dev
              tenantry dev --port 0 --no-demo --ready-file /tmp/ready.json
              tenantry dev --host 0.0.0.0 -- log.level=info security.session_hours=48
            The ready file is written by rename, readable for its owner only, when everything answers: \
            {"api","operator_api","operator_token","database_url","mail_dir","tenants":[{"slug","email","password"}]}. \
            With --json the same line goes to standard output.
            """)

    @Option(help: ArgumentHelp("The folder for everything. Default: \(DevFolder.standard)", valueName: "dir"))
    var data: String?

    @Option(help: "The API's port; 0 takes any free one. Default: 8080, or the setting `listen`.")
    var port: Int?

    @Option(help: "The API's host or address. Default: 127.0.0.1, or the setting `listen`.")
    var host: String?

    @Flag(inversion: .prefixedNo, help: "With the sample tenant `acme`, or with no tenant.")
    var demo = true

    @Option(help: ArgumentHelp("Where to tell as JSON how to reach everything, once it answers.", valueName: "path"))
    var readyFile: String?

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let settings = try decideSettings()
        let folder = try DevFolder(data ?? DevFolder.standard)
        var own = settings
        own.presume(\.mailDirectory, folder.mail, by: "dev")
        own.presume(\.blobDirectory, folder.blobs, by: "dev")
        own.presume(\.billingSeller, "Tenantry at work on this machine", by: "dev")
        let log = Logs.start(own)
        let readyFile = readyFile.map { URL(filePath: $0).standardizedFileURL.path }
        // One of an earlier run would tell a lie until this one is ready.
        if let readyFile { unlink(readyFile) }
        let isJSON = common.json
        let dev = Dev(folder: folder, settings: own, wantsDemo: demo, log: log, progress: Progress()) { ready in
            if let readyFile { try DevFolder.write(ready.json.text + "\n", to: readyFile) }
            Answer(text: ready.text, json: ready.json).print(asJSON: isJSON)
        }
        // Once it has stopped, nobody shall take it for running.
        defer { if let readyFile { unlink(readyFile) } }
        try await Serving { try await dev.run() }.runUntilStopped(log: log)
    }

    private func decideSettings() throws -> Settings {
        var settings = try common.readSettings()
        if host != nil || port != nil {
            let listen = settings.listen
            try settings.decide(\.listen, ListenAddress(host: host ?? listen.host, port: port ?? listen.port).description)
        }
        settings.presume(\.httpServerTiming, "true", by: "dev")
        settings.presume(\.signupEnabled, "true", by: "dev")
        settings.presume(\.poolSpareTenants, "2", by: "dev")
        settings.presume(\.defaultPlan, "unlimited", by: "dev")
        settings.presume(\.mailTransport, "file", by: "dev")
        settings.presume(\.mailFrom, "Tenantry <crm@localhost>", by: "dev")
        settings.presume(\.mailReturnDomain, "bounces.localhost", by: "dev")
        settings.presume(\.logLevel, "notice", by: "dev")
        return settings
    }
}
