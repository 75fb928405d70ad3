import Foundation

/// Writes one Swift file that holds every file of the folders `assets` and `texts`: the binary carries the page and needs no files beside
/// it. Text stands there as text, pictures and fonts in base64; both compile in a moment however long they are.
///
/// Usage: `EmbedWeb <folder> <output.swift>`
@main enum EmbedWeb {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 else { throw Failure.usage }
        let folder = URL(filePath: arguments[1], directoryHint: .isDirectory).resolvingSymlinksInPath()
        let files = ["assets", "texts"].flatMap { name in
            let place = folder.appending(path: name)
            let all = FileManager.default.enumerator(at: place, includingPropertiesForKeys: [.isRegularFileKey])
            return (all?.compactMap { $0 as? URL } ?? []).filter { !$0.hasDirectoryPath }.sorted { $0.path() < $1.path() }
        }
        let entries = try files.map { file in
            let name = file.path().dropFirst(folder.path().count)
            return "    EmbeddedFile(\"\(name)\", \(try content(file))),"
        }
        let source = """
            /// The page's files as they stand beside the source.
            let embeddedFiles: [EmbeddedFile] = [
            \(entries.joined(separator: "\n"))
            ]

            """
        try source.write(to: URL(filePath: arguments[2]), atomically: true, encoding: .utf8)
    }

    private static func content(_ file: URL) throws -> String {
        let bytes = try Data(contentsOf: file)
        guard let text = String(data: bytes, encoding: .utf8), !text.contains("\0") else {
            return "base64: \"\(bytes.base64EncodedString())\""
        }
        guard !text.contains("\"####"), !text.contains("\\####"), !text.contains("\r") else {
            throw Failure.delimiter(file.lastPathComponent)
        }
        return "text: ####\"\"\"\n\(text)\n\"\"\"####"
    }

    enum Failure: Error {
        case usage
        case delimiter(String)
    }
}
