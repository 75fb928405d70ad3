import CRM
import Foundation
import Jobs
import Logging
import Mail
import Records
import Support
import Tenancy

@testable import Server

/// A tenant whose reminders are mailed into a folder, by a worker of its own.
struct ReminderFirm: Sendable {
    let firm: Firm
    let admin: Client
    let folder: URL

    static func open(_ change: (inout [JSON.Member]) -> Void = { _ in }) async throws -> ReminderFirm {
        let firm = try await TestSite.shared.firm(change)
        let admin = try await firm.admin()
        let field = try await admin.post(
            "/v1/custom_fields", ["type": "contacts", "name": "meets_at", "label": "Meets", "kind": "datetime"])
        guard field.status == 201 else { throw Unexpected(field) }
        return ReminderFirm(
            firm: firm, admin: admin, folder: FileManager.default.temporaryDirectory.appending(path: "reminders-\(TestSite.unique())"))
    }

    /// What `body` does while a worker works.
    func working<T: Sendable>(_ body: @Sendable @escaping () async throws -> T) async throws -> T {
        var settings = WorkerSettings()
        settings.tenants = [firm.slug]
        settings.sweep = .milliseconds(100)
        let post = Post(
            firm.site.installation, PostSettings(.folder(folder.path()), from: try Mailbox("crm@example.com")), origin: WebOrigin())
        let worker = Worker(
            firm.site.installation, handlers: StandingWork.handlers(RecordTypes.builtIn, firm.site.installation, post: post),
            settings: settings, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await worker.run() }
            defer { group.cancelAll() }
            return try await body()
        }
    }

    func make(_ type: String, _ body: JSON) async throws -> String {
        let made = try await admin.post("/v1/\(type)", body)
        guard made.status == 201, let id = try made.json["id"]?.string else { throw Unexpected(made) }
        return id
    }

    func change(_ path: String, _ body: JSON) async throws {
        let answer = try await admin.patch("/v1/\(path)", body)
        guard answer.status == 200 else { throw Unexpected(answer) }
    }

    /// A contact that is met so many seconds from now.
    func contact(meetsIn seconds: Double, _ more: [JSON.Member] = []) async throws -> String {
        try await make(
            "contacts",
            .object([.init("last_name", "Miller"), .init("custom", ["meets_at": .string(Self.time(seconds))])] + more))
    }

    static func time(_ seconds: Double) -> String { (Date.now + seconds).apiText }

    static func reminder(about contact: String?, _ more: [JSON.Member] = []) -> JSON {
        .object(
            [
                .init("about", .object([.init("type", "contacts")] + (contact.map { [.init("id", .string($0))] } ?? []))),
                .init("when", ["field": "custom.meets_at", "offset_minutes": 0]), .init("subject", "Meet {{record.last_name}}"),
            ] + (more.contains { $0.name == "recipients" } ? [] : [.init("recipients", ["owner"])]) + more)
    }

    /// The ledger, newest first.
    func ledger(_ status: String? = nil) async throws -> [JSON] {
        try await admin.get("/v1/occurrences" + (status.map { "?status=\($0)" } ?? "")).json["data"]?.elements ?? []
    }

    var mails: [String] {
        get throws {
            guard FileManager.default.fileExists(atPath: folder.path()) else { return [] }
            return try FileManager.default.contentsOfDirectory(atPath: folder.path()).filter { $0.hasSuffix(".eml") }.sorted()
                .map { try String(contentsOf: folder.appending(path: $0), encoding: .utf8) }
        }
    }

    /// Nothing is promised that could still be done now.
    func isIdle() async throws -> Bool {
        try await firm.site.installation.cells.scope(of: "main").rows(
            """
            SELECT 1 FROM jobs AS j JOIN job_lanes AS l ON l.id = j.lane_id JOIN tenants AS t ON t.id = l.tenant_id
            WHERE t.slug = \(firm.slug) AND l.kind IN ('plan_reminders', 'due_reminder', 'send_reminder')
                AND (j.state = 'running' OR j.state = 'ready' AND j.run_at <= clock_timestamp()) LIMIT 1
            """
        ).isEmpty
    }
}
