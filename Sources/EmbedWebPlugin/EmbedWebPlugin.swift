import Foundation
import PackagePlugin

/// Runs `EmbedWeb` over the target's folder whenever one of the page's files is added, changed, renamed or deleted.
@main struct EmbedWebPlugin: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: Target) throws -> [Command] {
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedFiles.swift")
        let folder = target.directoryURL.resolvingSymlinksInPath()
        let files = ["assets", "texts"].flatMap { name in
            let all = FileManager.default.enumerator(at: folder.appending(path: name), includingPropertiesForKeys: nil)
            return (all?.compactMap { $0 as? URL } ?? []).filter { !$0.hasDirectoryPath }
        }
        return [
            .buildCommand(
                displayName: "Embedding the files of the page",
                executable: try context.tool(named: "EmbedWeb").url,
                arguments: [folder.path(), output.path()],
                inputFiles: files,
                outputFiles: [output])
        ]
    }
}
