import Foundation
import HTTPTypes
import NIOCore
import Records
import Secrets
import Synchronization
import Web

/// The files of the page as browsers get them: below an address made of what is in them, so that they are kept for ever and a new version
/// is another address. Relative imports between scripts stay within one version.
final class Assets: Sendable {
    /// Where to read the files anew for each page, for who works on it; nil: what the binary carries.
    private let folder: String?
    private let current: Mutex<Version>

    /// All files at one moment.
    struct Version: Sendable {
        let files: WebFiles
        let wording: Wording
        /// Of everything in them.
        let hash: String
        /// Which scripts a script cannot begin without.
        private let imports: [String: [String]]

        init(_ files: WebFiles) {
            self.files = files
            imports = Self.imports(in: files)
            wording = Wording(files)
            let all = files.files.sorted { $0.key < $1.key }
            hash = String(Digest.sha256(all.flatMap { Array($0.key.utf8) + $0.value.bytes }).hex.prefix(16))
        }

        func address(_ name: String) -> String { "/assets/\(hash)/\(name)" }

        /// These scripts and all that they cannot begin without, each once: a browser that is told of them at once need not read one to
        /// learn of the next.
        func scripts(_ names: [String]) -> [String] {
            var found: [String] = []
            var open = names
            while let name = open.first {
                open.removeFirst()
                guard !found.contains(name) else { continue }
                found.append(name)
                open += imports[name] ?? []
            }
            return found
        }

        private static func imports(in files: WebFiles) -> [String: [String]] {
            files.files.filter { $0.key.hasSuffix(".js") }.mapValues { file in
                String(decoding: file.bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
                    line.firstMatch(of: /^(?:import|export) .*from '\.\/([\w-]+\.js)';/).map { String($0.output.1) }
                }
            }
        }
    }

    /// What every server of this process shares: it is compressed once.
    private static let embedded = Version(.embedded)

    init(folder: String?) {
        self.folder = folder
        current = Mutex(Self.embedded)
    }

    /// The files as they are now.
    func version() async throws -> Version {
        guard let folder else { return current.withLock { $0 } }
        let fresh = try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { Version(try WebFiles(folder: folder)) }) }
        }
        current.withLock { $0 = fresh }
        return fresh
    }

    var endpoints: [Endpoint] {
        [
            .anyone(.get, "/assets/{hash}/{name}", Self.operation("assets.get")) { [self] in try serve($0, $0.parameters["name"]) },
            .anyone(.get, "/assets/{hash}/{folder}/{name}", Self.operation("assets.get_inner")) { [self] in
                try serve($0, $0.parameters["folder"] + "/" + $0.parameters["name"])
            },
            .anyone(.get, "/manifest.webmanifest", Self.operation("assets.manifest")) { [self] _ in
                try serveFresh("manifest.webmanifest")
            },
            .anyone(.get, "/worker.js", Self.operation("assets.worker")) { [self] _ in try serveFresh("worker.js") },
            .anyone(.get, "/favicon.ico", Self.operation("assets.icon")) { [self] _ in try serveFresh("icon-192.png") },
            .anyone(.get, "/brand/{name}", Self.operation("assets.brand"), brand),
        ]
    }

    private func serve(_ call: Call, _ name: String) throws(Problem) -> Reply {
        let version = current.withLock { $0 }
        // A page from before an update still asks for its own version: it gets this one, and nobody keeps it under that name.
        let isCurrent = call.parameters["hash"] == version.hash
        guard let file = version.files.files[name] else { throw .notFound }
        let zips = call.headers[.acceptEncoding]?.contains("gzip") == true
        var reply = Self.reply(file, gzipped: zips)
        reply.headers[.cacheControl] = isCurrent && folder == nil ? "public, max-age=31536000, immutable" : "no-cache"
        return reply
    }

    /// Under a name that stays, with this version's addresses in it.
    private func serveFresh(_ name: String) throws(Problem) -> Reply {
        let version = current.withLock { $0 }
        guard let file = version.files.files[name] else { throw .notFound }
        var reply = Self.reply(file, gzipped: false)
        if file.gzipped != nil {
            let text = String(decoding: file.bytes, as: UTF8.self).replacing("{assets}", with: "/assets/\(version.hash)")
            reply = .text(text, contentType: file.contentType)
        }
        reply.headers[.cacheControl] = "no-cache"
        // A service worker has the policy that it came with: it fetches what the page would.
        reply.headers[.contentSecurityPolicy] = PageFrame.policy
        return reply
    }

    private static func reply(_ file: WebFiles.File, gzipped: Bool) -> Reply {
        let zipped = gzipped ? file.gzipped : nil
        var reply = Reply(contentType: file.contentType, ByteBuffer(bytes: zipped ?? file.bytes))
        if zipped != nil { reply.headers[.contentEncoding] = "gzip" }
        if file.gzipped != nil { reply.headers[.vary] = "Accept-Encoding" }
        return reply
    }

    /// A firm's leading colour as a style sheet, since the page's policy allows no style within it: `/brand/1f5fbf.css`.
    private func brand(_ call: Call) throws(Problem) -> Reply {
        let name = call.parameters["name"]
        let digits = name.dropLast(4)
        guard name.hasSuffix(".css"), digits.utf8.count == 6, digits.allSatisfy({ $0.isHexDigit && $0.isASCII }) else { throw .notFound }
        var reply = Reply.text(":root{--brand:#\(digits)}", contentType: "text/css; charset=utf-8")
        reply.headers[.cacheControl] = "public, max-age=31536000, immutable"
        return reply
    }

    private static func operation(_ id: String) -> Operation {
        Operation(
            id, "A file of the page", tag: "Pages",
            responses: [200: ResponseDescription("The file.", schema: ["type": "string"], contentType: "*/*")], takesAnyQuery: true)
    }
}
