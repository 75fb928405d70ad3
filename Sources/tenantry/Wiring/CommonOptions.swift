import ArgumentParser
import Foundation
import Logging
import Settings

/// What every command takes.
struct CommonOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A YAML file of settings. Default: what TENANTRY_CONFIG names.", valueName: "path"))
    var config: String?

    @Flag(help: "Answer with one line of JSON.")
    var json = false

    @Argument(parsing: .postTerminator, help: ArgumentHelp("Settings for this run, after `--`.", valueName: "setting=value"))
    var settings: [String] = []

    /// What all sources together say. Throws every problem at once.
    func readSettings() throws -> Settings {
        let environment = ProcessInfo.processInfo.environment
        return try Settings(commandLine: settings, environment: environment, file: config ?? environment["TENANTRY_CONFIG"])
    }

    /// For a command that does one thing and ends: only what went wrong is worth a line.
    func readQuietSettings() throws -> Settings {
        var settings = try readSettings()
        settings.presume(\.logLevel, "error", by: "this command")
        return settings
    }
}
