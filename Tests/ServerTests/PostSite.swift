import CRM
import Foundation
import Jobs
import Logging
import Records
import Support
import Tenancy
import Testing

@testable import Mail
@testable import Server

/// A server with a worker whose mail is written into a folder; its queue is nobody else's.
struct PostSite: Sendable {
    let site: TestSite
    let post: Post
    private let folder: URL

    private static let opened = Task<PostSite, any Error> { try await open() }

    /// Shared by tests that each have firms of their own.
    static var shared: PostSite { get async throws { try await opened.value } }

    private static func open() async throws -> PostSite {
        var settings = ServerSettings()
        settings.scryptCost = .trivial
        settings.baseDomain = "crm.example.com"
        var offer = SignUpOffer(trialDays: 14)
        offer.limits.inAll = 1000
        settings.signUp = offer
        let installation = try await TestHouse.open()
        let folder = FileManager.default.temporaryDirectory.appending(path: "post-\(UUID().uuidString)")
        var way = PostSettings(.folder(folder.path()), from: try Mailbox("crm@example.com", name: "Tenantry"))
        way.returnDomain = "bounces.example.com"
        way.domainRate = 1000
        way.tenantRate = 1000
        let post = Post(installation, way, origin: WebOrigin(baseDomain: "crm.example.com", isSecure: true))
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        var work = WorkerSettings()
        work.sweep = .milliseconds(200)
        let handlers = StandingWork.handlers(TestHouse.catalog, installation, post: post)
        let worker = Worker(installation, handlers: handlers, settings: work, log: log)
        // End with the process, as the site does.
        Task { await worker.run() }
        Task { await SignUpMail(installation, post, log: log).run() }
        return PostSite(site: try await TestSite(installation, settings), post: post, folder: folder)
    }

    /// A mail as its reader sees it.
    struct Mail: Sendable {
        fileprivate let headers: HeaderGroup
        let text: String

        var subject: String { self["subject"] ?? "" }
        /// A header, by its name in lower case.
        subscript(name: String) -> String? { headers[name] }
        /// The first address in the words that leads to this page: what stands behind it.
        func token(_ page: String) -> String? {
            let link = try? Regex("https://[a-z0-9.-]+/\(page)/([A-Za-z0-9_-]+)", as: (Substring, Substring).self)
            return link.flatMap { text.firstMatch(of: $0) }.map { String($0.output.1) }
        }
    }

    /// What was written to an address, in order.
    func mails(to address: String) throws -> [Mail] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? []  // Nothing was written yet.
        return try names.filter { $0.contains("-\(address)-") && $0.hasSuffix(".eml") }.sorted().map { name in
            let mail = ReceivedPart(Array(try Data(contentsOf: folder.appending(path: name)))[...])
            return Mail(headers: mail.headers, text: mail.all().first { $0.type == "text/plain" }?.text ?? "")
        }
    }

    /// Waits for so many.
    func mails(to address: String, count: Int) async throws -> [Mail] {
        try await eventually { try mails(to: address).count >= count }
        return try mails(to: address)
    }
}
