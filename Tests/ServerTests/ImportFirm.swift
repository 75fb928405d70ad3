import CRM
import Foundation
import HTTPTypes
import HummingbirdCore
import Jobs
import Logging
import Records
import Support
import Tenancy
import Testing

@testable import Server

/// A tenant that gets files, and the worker that reads them.
struct ImportFirm: Sendable {
    let firm: Firm
    let admin: Client

    init(limits: JSON? = nil) async throws {
        if let limits {
            let limited = try await LimitedFirm(limits)
            (firm, admin) = (limited.firm, limited.admin)
        } else {
            firm = try await TestSite.shared.firm()
            admin = try await firm.admin()
        }
    }

    /// One that is there already.
    init(_ firm: Firm, _ admin: Client) { (self.firm, self.admin) = (firm, admin) }

    /// An import that is ready to be started; its id.
    func order(_ order: JSON, _ file: [UInt8], type: String = "text/csv", by client: Client? = nil) async throws -> String {
        let client = client ?? admin
        let made = try await client.post("/v1/imports", order)
        guard made.status == 201, let id = try made.json["id"]?.string else { throw Unexpected(made) }
        let sent = try await client.send(.put, "/v1/imports/\(id)/content", bytes: file, type: type)
        guard sent.status == 200 else { throw Unexpected(sent) }
        return id
    }

    func order(_ order: JSON, _ file: String, by client: Client? = nil) async throws -> String {
        try await self.order(order, Array(file.utf8), by: client)
    }

    /// The same, carried out; how it ended.
    func take(_ order: JSON, _ file: String, by client: Client? = nil) async throws -> JSON {
        try await take(order, Array(file.utf8), by: client)
    }

    func take(_ order: JSON, _ file: [UInt8], by client: Client? = nil) async throws -> JSON {
        let id = try await self.order(order, file, by: client)
        let started = try await (client ?? admin).post("/v1/imports/\(id)/start", [:])
        guard started.status == 202 else { throw Unexpected(started) }
        return try await ended(id)
    }

    /// Starts an import of which no worker hears.
    func begin(_ id: String) async throws {
        _ = try await unheard(by: firm.email).start(try #require(UUID(uuidString: id)), nil)
    }

    /// Imports as somebody who may do everything works on them, and of which no worker hears.
    func unheard(by email: String) async throws -> Imports {
        Imports(
            TestHouse.catalog, in: try await firm.scope(), for: try await caller(email),
            promises: ImportPromises(run: { _ in "SELECT 1" }, revert: { _ in "SELECT 1" }))
    }

    /// Carries one out that was begun so; how it ended.
    func carryOut(_ id: String) async throws -> JSON {
        let (scope, uuid) = (try await firm.scope(), try #require(UUID(uuidString: id)))
        let state = try #require(try await ImportRun.state(uuid, in: scope))
        let run = ImportRun(state, of: TestHouse.catalog, in: scope, for: try await caller(firm.email), zone: "UTC", currency: "EUR")
        #expect(try await run.run(until: .now + .seconds(60)) == .ended)
        return try await admin.get("/v1/imports/\(id)").json
    }

    private func caller(_ email: String) async throws -> Caller {
        let id = try await firm.scope().rows("SELECT id FROM users WHERE email = \(email)")[0].uuid(0)
        return Caller(actor: Actor(.user, id), userID: id, rights: Rights(types: ["*": .everything], admin: .everything), requestID: "test")
    }

    /// Waits until a worker has done what was promised.
    func ended(_ id: String) async throws -> JSON {
        var settings = WorkerSettings()
        settings.tenants = [firm.slug]
        settings.sweep = .milliseconds(100)
        let worker = Worker(
            firm.site.installation, handlers: StandingWork.handlers(RecordTypes.builtIn, firm.site.installation), settings: settings,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await worker.run() }
            defer { group.cancelAll() }
            let deadline = ContinuousClock.now + .seconds(60)
            while ContinuousClock.now < deadline {
                let answer = try await admin.get("/v1/imports/\(id)").json
                if ["done", "failed", "cancelled", "reverted"].contains(answer["state"]?.string) { return answer }
                try await Task.sleep(for: .milliseconds(20))
            }
            throw Unexpected("The import \(id) has not ended within a minute.")
        }
    }

    /// How many contacts count.
    var used: Int? {
        get async throws { try await admin.get("/v1/usage").json["usage"]?["records.contacts"]?["used"]?.integer }
    }

    /// Every record of a type, oldest first.
    func all(_ type: String) async throws -> [JSON] {
        var found: [JSON] = []
        var cursor: String?
        repeat {
            let page = try await admin.get("/v1/\(type)?limit=200&sort=created_at" + (cursor.map { "&after=\($0)" } ?? "")).json
            found += page["data"]?.elements ?? []
            cursor = page["page"]?["next"]?.string
        } while cursor != nil
        return found
    }

    /// Lines of errors.csv, without the header.
    func errors(_ result: JSON) async throws -> [String] {
        let answer = try await admin.get("/v1/imports/\(result["id"]?.string ?? "")/errors.csv")
        return answer.text.split { $0.isNewline }.dropFirst().map(String.init)
    }
}

/// What the counters of an import say.
func counts(_ result: JSON) -> [Int?] {
    ["total", "created", "updated", "unchanged", "failed"].map { result["counters"]?[$0]?.integer }
}
