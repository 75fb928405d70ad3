import Foundation
import PackagePlugin

/// Runs `EmbedSQL` over the target's folder whenever one of its `.sql` or `.yaml` files is added, changed, renamed or deleted.
@main struct EmbedSQLPlugin: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: Target) throws -> [Command] {
        let output = context.pluginWorkDirectoryURL.appending(path: "Embedded\(target.name)Files.swift")
        // A folder that is a link is not walked into.
        let folder = target.directoryURL.resolvingSymlinksInPath()
        let files =
            FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?
            .compactMap { $0 as? URL }
            .filter { ["sql", "yaml"].contains($0.pathExtension) } ?? []
        return [
            .buildCommand(
                displayName: "Embedding the files of \(target.name)",
                executable: try context.tool(named: "EmbedSQL").url,
                arguments: [folder.path(), output.path()],
                inputFiles: files,
                outputFiles: [output])
        ]
    }
}
