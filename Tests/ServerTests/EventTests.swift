import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore
import Postgres
import Records
import Secrets
import Support
import Synchronization
import Testing

@testable import Server

@Suite("Events") struct EventTests {
    @Test("A thousand changes of eight writers are each seen once by a reader that is cut off again and again") func exactlyOnce()
        async throws
    {
        let firm = try await TestSite.shared.firm()
        let (admin, reader) = (try await firm.admin(), try await Reader(firm))
        try await reader.begin()

        let writing = Task {
            try await withThrowingTaskGroup(of: [String].self) { group in
                for writer in 0..<8 {
                    group.addTask {
                        var ids: [String] = []
                        for number in 0..<125 {
                            let made = try await admin.post("/v1/contacts", ["last_name": .string("\(writer) \(number)")])
                            guard made.status == 201, let id = try made.json["id"]?.string else { throw Unexpected(made) }
                            ids.append(id)
                        }
                        return ids
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
        }
        try await reader.read(until: 1000)
        let ids = try await writing.value

        #expect(reader.seen.count == 1000)
        #expect(Set(reader.seen) == Set(ids))
        #expect(reader.connections > 10)
    }

    @Test("A change that commits late is told, though later ones were told before") func lateCommit() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let scope = try await firm.scope()
        let events = ChangeEvents(
            of: TestHouse.catalog, in: scope,
            for: Caller(actor: Actor(.system, .v7()), userID: .v7(), rights: .init(types: ["*": .everything]), requestID: "test"))
        var cursor = try await events.now()
        let (early, gate) = (UUID.v7(), Gate())

        let late = Task {
            try await scope.transaction { transaction in
                _ = try transaction.rows(
                    """
                    INSERT INTO changes (id, type, record_id, version, action, fields)
                    VALUES (\(UUID.v7()), 'contacts', \(early), 1, 'create', '{}') RETURNING id
                    """)
                gate.wait()
            }
        }
        var told: [String] = []
        for number in 0..<3 { #expect(try await admin.post("/v1/contacts", ["last_name": .string("\(number)")]).status == 201) }
        try await take(events, &cursor, &told)
        #expect(told.count == 3 && !told.contains(early.uuidString.lowercased()))
        gate.open()
        try await late.value
        try await take(events, &cursor, &told)

        #expect(told.count == 4 && told.last == early.uuidString.lowercased())
    }

    @Test("What one may not read is not told, and the stream ends with the credential") func rights() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let role: JSON = ["name": "companies only", "rights": ["companies": ["read": "all"]]]
        let roleID = try #require(try await admin.post("/v1/roles", role).json["id"]?.string)
        let email = try await firm.user("member")
        _ = try await firm.scope().run(["UPDATE users SET role_id = \(roleID)::uuid WHERE email = \(email)"])
        let limited = try await firm.signIn(email)
        let reader = Reader(firm, limited)
        try await reader.begin()

        #expect(try await admin.post("/v1/contacts", ["last_name": "Hidden"]).status == 201)
        let company = try #require(try await admin.post("/v1/companies", ["name": "Seen"]).json["id"]?.string)
        try await reader.read(until: 1)
        #expect(reader.seen == [company])

        let following = Task { try await reader.connect(atMost: .max) }
        try await eventually { reader.isOpen }
        #expect(try await limited.delete("/v1/session").status == 204)
        #expect(try await following.value == .ended)
    }

    @Test("Progress is told to whom the work belongs and to nobody else") func progress() async throws {
        let firm = try await TestSite.shared.firm()
        let owner = try #require(try await firm.admin().get("/v1/session").json["user"]?["id"]?.string.flatMap(UUID.init(uuidString:)))
        let mine = try await Reader(firm)
        let others = Reader(firm, try await firm.person("member"))
        try await mine.begin()
        try await others.begin()
        let following = [mine, others].map { reader in Task { try await reader.connect(atMost: 2) } }
        try await eventually { mine.isOpen && others.isOpen }
        let notice = ProgressNotice(kind: "imports", id: .v7(), state: "running", progress: 0.5, owner: owner)

        // Told again and again, as work does: a notice that comes before the stream is in line is gone.
        let scope = try await firm.scope()
        try await eventually {
            _ = try await scope.run([ChangeNews.watching, notice.told(to: firm.slug)])
            return mine.text.contains("event: progress")
        }
        #expect(mine.text.contains("\"progress\":0.5") && !mine.text.contains("owner"))
        #expect(!others.text.contains("event: progress"))
        for task in following { task.cancel() }
    }

    @Test("A Last-Event-ID that is none of ours is refused, and so is one connection too many") func refusals() async throws {
        let site = try await TestSite.open { $0.eventConnections = 0 }
        let firm = try await site.firm()
        let admin = try await firm.admin()

        for cursor in [
            "x", "..", Base64.url.encode(Array("9:1:".utf8)), Base64.url.encode(Array("5:9:7,6".utf8)),
            Base64.url.encode(Array("1:99999999999999:".utf8)),
        ] {
            let answer = try await admin.with(.lastEventID, cursor).get("/v1/events")
            #expect(answer.status == 400 && answer.code == "cursor", "\(cursor) \(answer.text)")
        }
        let refused = try await admin.get("/v1/events")
        #expect(refused.status == 429 && refused.headers[.retryAfter] == "30")
    }

    private func take(_ events: ChangeEvents, _ cursor: inout EventCursor, _ told: inout [String]) async throws {
        while true {
            let page = try await events.page(after: cursor)
            told += page.events.compactMap { $0.data["id"]?.string }
            // As a client would, by text.
            cursor = try EventCursor(parsing: page.cursor.text)
            if !page.hasMore { return }
        }
    }
}

/// Holds a transaction open from outside.
private final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func wait() { semaphore.wait() }
    func open() { semaphore.signal() }
}

/// A program that follows events and comes again where it was cut off.
private final class Reader: Sendable {
    enum End: Equatable { case cut, ended }

    private struct State {
        var seen: [String] = []
        var last: String?
        var connections = 0
        var isOpen = false
        var text = ""
        var left = 0
    }

    private let firm: Firm
    private let client: Client
    private let state = Mutex(State())

    init(_ firm: Firm) async throws {
        self.firm = firm
        client = try await firm.admin()
    }

    init(_ firm: Firm, _ client: Client) {
        self.firm = firm
        self.client = client
    }

    var seen: [String] { state.withLock(\.seen) }
    var connections: Int { state.withLock(\.connections) }
    var isOpen: Bool { state.withLock(\.isOpen) }
    var text: String { state.withLock(\.text) }

    /// Takes up the position from which on everything is to be seen.
    func begin() async throws { _ = try await connect(atMost: 0) }

    func read(until count: Int) async throws {
        while seen.count < count { _ = try await connect(atMost: min(Int.random(in: 0...60), count - seen.count)) }
    }

    /// One connection that breaks after so many events.
    func connect(atMost events: Int) async throws -> End {
        let last = state.withLock { state in
            state.connections += 1
            state.left = events
            state.isOpen = false
            return state.last
        }
        let following = last.map { client.with(.lastEventID, $0) } ?? client
        do {
            try await following.stream("/v1/events", into: Writer(reader: self))
            return .ended
        } catch is Cut {
            return .cut
        }
    }

    fileprivate func take(_ text: String) throws {
        try state.withLock { state in
            state.text += text
            state.isOpen = true
            for block in text.split(separator: "\n\n") {
                let lines = block.split(separator: "\n")
                let data = lines.first { $0.hasPrefix("data: ") }.map { $0.dropFirst(6) }
                if data != nil, state.left == 0 { throw Cut() }
                if let id = lines.first(where: { $0.hasPrefix("id: ") }) { state.last = String(id.dropFirst(4)) }
                if let data, lines.contains("event: change") {
                    state.seen.append(try JSON(parsing: Array(data.utf8))["id"]?.string ?? "")
                    state.left -= 1
                }
            }
            if state.left == 0 { throw Cut() }
        }
    }

    private struct Cut: Error {}

    private struct Writer: ResponseBodyWriter {
        let reader: Reader

        func write(_ buffer: ByteBuffer) async throws { try reader.take(String(buffer: buffer)) }
        func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}
