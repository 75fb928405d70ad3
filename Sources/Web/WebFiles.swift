import Foundation

/// The files that the page is made of: what a browser loads (`assets`) and what it says in each language (`texts`).
package struct WebFiles: Sendable {
    package struct File: Sendable {
        package let contentType: String
        package let bytes: [UInt8]
        /// The same by gzip; nil for what it would not make smaller.
        package let gzipped: [UInt8]?

        init(_ name: String, _ bytes: [UInt8]) {
            contentType = Self.contentType(of: name)
            self.bytes = bytes
            let smaller = Self.isText(name) ? Gzip.compress(bytes) : nil
            gzipped = smaller.flatMap { $0.count < bytes.count ? $0 : nil }
        }

        private static func isText(_ name: String) -> Bool {
            ["js", "css", "svg", "json", "webmanifest", "txt"].contains(String(name.split(separator: ".").last ?? ""))
        }

        private static func contentType(of name: String) -> String {
            switch name.split(separator: ".").last {
            case "js": "text/javascript; charset=utf-8"
            case "css": "text/css; charset=utf-8"
            case "svg": "image/svg+xml"
            case "png": "image/png"
            case "woff2": "font/woff2"
            case "json": "application/json"
            case "webmanifest": "application/manifest+json"
            default: "text/plain; charset=utf-8"
            }
        }
    }

    /// By their name below `assets/`; the languages' texts stand there too, as `texts/en.json`.
    package let files: [String: File]

    /// What the binary carries.
    package static let embedded = WebFiles(embeddedFiles.map { ($0.name, $0.bytes) })

    /// What stands in a folder such as `Sources/Web` of the source: for who works on the page. Blocks while it reads.
    package init(folder: String) throws {
        let root = URL(filePath: folder, directoryHint: .isDirectory).resolvingSymlinksInPath()
        let found = ["assets", "texts"].flatMap { name in
            FileManager.default.enumerator(at: root.appending(path: name), includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
        }
        self.init(
            try found.filter { !$0.hasDirectoryPath }.map {
                (String($0.path().dropFirst(root.path().count)), Array(try Data(contentsOf: $0)))
            })
    }

    private init(_ files: [(name: String, bytes: [UInt8])]) {
        self.files = Dictionary(
            files.map { name, bytes in
                let short = name.hasPrefix("assets/") ? String(name.dropFirst(7)) : name
                return (short, File(short, bytes))
            }, uniquingKeysWith: { first, _ in first })
    }
}
