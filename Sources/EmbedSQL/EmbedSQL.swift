import Foundation

/// Writes one Swift file that holds every `.sql` file of a folder: the binary carries its schema and needs no files beside it.
///
/// Usage: `EmbedSQL <folder> <output.swift>`; the folder's subfolders are the scopes (`control`, `cell`, `tenant`).
@main enum EmbedSQL {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 else { throw Failure.usage }
        let folder = URL(filePath: arguments[1], directoryHint: .isDirectory).resolvingSymlinksInPath().resolvingSymlinksInPath()
        let files =
            FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?
            .compactMap { $0 as? URL }
            .filter { $0.pathExtension == "sql" }
            .sorted { $0.path() < $1.path() } ?? []
        let entries = try files.map { file in
            let scope = file.deletingLastPathComponent().lastPathComponent
            let text = try String(contentsOf: file, encoding: .utf8)
            guard !text.contains("\"####") else { throw Failure.delimiter(file.lastPathComponent) }
            return """
                    SchemaFile(scope: "\(scope)", name: "\(file.deletingPathExtension().lastPathComponent)", text: ####\"\"\"
                \(text)
                \"\"\"####),
                """
        }
        let source = """
            /// Every file of `SQL/`, in the order of its number.
            package let embeddedSchemaFiles: [SchemaFile] = [
            \(entries.joined(separator: "\n"))
            ]

            """
        try source.write(to: URL(filePath: arguments[2]), atomically: true, encoding: .utf8)
    }

    enum Failure: Error {
        case usage
        case delimiter(String)
    }
}
