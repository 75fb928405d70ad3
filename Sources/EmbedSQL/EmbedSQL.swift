import Foundation

/// Writes one Swift file that holds every `.sql` file of a folder, or else its `.yaml` files: the binary carries them and needs no files
/// beside it.
///
/// Usage: `EmbedSQL <folder> <output.swift>`; subfolders with SQL are its scopes (`control`, `cell`, `tenant`).
@main enum EmbedSQL {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 else { throw Failure.usage }
        let folder = URL(filePath: arguments[1], directoryHint: .isDirectory).resolvingSymlinksInPath().resolvingSymlinksInPath()
        let files =
            FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?
            .compactMap { $0 as? URL }
            .sorted { $0.path() < $1.path() } ?? []
        let sql = files.filter { $0.pathExtension == "sql" }
        let source = try sql.isEmpty ? texts(files.filter { $0.pathExtension == "yaml" }, in: folder) : schema(sql)
        try source.write(to: URL(filePath: arguments[2]), atomically: true, encoding: .utf8)
    }

    private static func schema(_ files: [URL]) throws -> String {
        let entries = try files.map { file in
            let scope = file.deletingLastPathComponent().lastPathComponent
            return """
                    SchemaFile(scope: "\(scope)", name: "\(file.deletingPathExtension().lastPathComponent)", text: \(try literal(file))),
                """
        }
        return """
            /// Every file of `SQL/`, in the order of its number.
            package let embeddedSchemaFiles: [SchemaFile] = [
            \(entries.joined(separator: "\n"))
            ]

            """
    }

    private static func texts(_ files: [URL], in folder: URL) throws -> String {
        let entries = try files.map { file in
            let path = file.path().dropFirst(folder.path().count).drop { $0 == "/" }
            return "    \"\(path)\": \(try literal(file)),"
        }
        return """
            /// What stands beside the source as text, by its path from there.
            let embeddedTexts: [String: String] = [
            \(entries.isEmpty ? "    :" : entries.joined(separator: "\n"))
            ]

            """
    }

    private static func literal(_ file: URL) throws -> String {
        let text = try String(contentsOf: file, encoding: .utf8)
        guard !text.contains("\"####") else { throw Failure.delimiter(file.lastPathComponent) }
        return "####\"\"\"\n\(text)\n\"\"\"####"
    }

    enum Failure: Error {
        case usage
        case delimiter(String)
    }
}
