import CRM
import Foundation
import Mail
import Records
import Support
import Testing

@testable import Server

@Suite("Figures of mail") struct MailMetricsTests {
    /// An installation of its own: figures are of all its accounts.
    private static func open() async throws -> TestSite {
        var settings = ServerSettings()
        settings.scryptCost = .trivial
        return try await TestSite(try await TestHouse.open(), settings)
    }

    /// A sample of the page; 0 where there is none.
    private static func value(_ name: String, _ labels: String, of site: TestSite) async throws -> Double {
        let page = try await Client(site.aside).get("/metrics").text
        let line = page.split(separator: "\n").first { $0.hasPrefix("\(name){\(labels)} ") }
        return line.flatMap { Double($0.split(separator: " ").last ?? "") } ?? 0
    }

    @Test("What became of mails, why some were not sent, whose waits and how long servers took is in the metrics, without names")
    func figures() async throws {
        let site = try await Self.open()
        let firm = try await site.firm()
        let scope = try await firm.scope()
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }  // A leftover folder harms nobody.
        let post = Post(
            site.installation, PostSettings(.folder(folder.path()), from: try Mailbox("crm@example.com")), origin: WebOrigin())
        func letter(_ kind: String, _ to: String) -> Letter {
            let words = MailContent(subject: "x", text: "x", html: "x", language: .english)
            return Letter(id: .v7(), kind: kind, to: to, words: .content(words), nature: .business)
        }
        _ = try await scope.run(["INSERT INTO suppressions (address, reason) VALUES ('dead@x.example', 'bounce')"])

        for (kind, to) in [
            ("reminder", "a@x.example"), ("digest", "a@x.example"), ("reminder", "b@x.example"), ("whatever \(firm.slug)", "a@x.example"),
            ("reminder", "nobody"), ("reminder", "dead@x.example"),
        ] { _ = try await post.send(letter(kind, to), in: scope) }
        await post.tellFigures()
        await post.tellFigures()
        try await Unsubscribing.perform(.address("c@x.example"), in: scope, requestID: "test")
        try await Unsubscribing.perform(.address("c@x.example"), in: scope, requestID: "test")

        func sample(_ name: String, _ labels: String = "cell=\"main\"") async throws -> Double {
            try await Self.value("tenantry_mail_\(name)", labels, of: site)
        }
        #expect(try await sample("sent_total", "cell=\"main\",kind=\"reminder\"") == 2)
        #expect(try await sample("sent_total", "cell=\"main\",kind=\"digest\"") == 1)
        #expect(try await sample("sent_total", "cell=\"main\",kind=\"other\"") == 1)
        #expect(try await sample("skipped_total", "cell=\"main\",reason=\"no_address\"") == 1)
        #expect(try await sample("skipped_total", "cell=\"main\",reason=\"suppressed\"") == 1)
        #expect(try await sample("suppressed_total", "cell=\"main\",reason=\"unsubscribed\"") == 1)
        #expect(try await sample("seconds_count") == 4)
        #expect(try await sample("seconds_bucket", "cell=\"main\",le=\"60\"") == 4)
        let page = try await Client(site.aside).get("/metrics").text
        #expect(!page.contains(firm.slug) && !page.contains("x.example"))
        for name in [
            "sent_total", "failed_total", "unknown_total", "delayed_total", "skipped_total", "suppressed_total", "paused", "seconds",
        ] {
            #expect(page.contains("# TYPE tenantry_mail_\(name) "))
        }
    }

    @Test("A tenant whose mail was paused is counted until it is resumed") func paused() async throws {
        let site = try await Self.open()
        let firm = try await site.firm()
        _ = try await firm.scope().run(["UPDATE settings SET mail_paused_at = now()", "SELECT cell.mail_waits(true)"])

        let before = try await Self.value("tenantry_mail_paused", "cell=\"main\"", of: site)
        let resumed = try await firm.admin().post("/v1/mail/resume", [:])
        let after = try await Self.value("tenantry_mail_paused", "cell=\"main\"", of: site)

        #expect(before == 1 && resumed.status == 200 && after == 0)
    }
}
