import Foundation
import HummingbirdCore
import NIOCore
import Records
import Tenancy

/// One connection that follows a tenant's changes (server-sent events).
///
/// It reads the change log page by page and waits while the client takes what it was sent: a slow client falls behind in the log, not in our
/// memory. Who it is and what they may read is asked anew with every look, so a credential that ends, ends the stream within a second or two.
struct EventStream: Sendable {
    let house: House
    let call: Call
    let start: EventCursor
    let signals: AsyncStream<EventHub.Signal>

    /// How often the log is read without news of a write: what was missed is seen then.
    private static let poll: Duration = .seconds(2)
    /// How often a comment shows that the connection lives.
    private static let heartbeat: Duration = .seconds(15)
    /// News that come thick are answered together; a look that takes long makes the pause longer.
    private static let pause: Duration = .milliseconds(50)
    private static let watch: Duration = .seconds(30)

    func run(_ writer: inout any ResponseBodyWriter) async throws {
        var cursor = start
        var (lastLook, lastWord, lastWatch) = (ContinuousClock.now, ContinuousClock.now, ContinuousClock.now - Self.watch)
        try await writer.write(ByteBuffer(string: "retry: 2000\nid: \(cursor.text)\n\n"))
        for await signal in signals {
            // Whoever may not come in any more hears nothing more.
            guard let person = try? await house.door.person(call, effect: .reads) else { break }
            let now = ContinuousClock.now
            if now - lastWatch >= Self.watch, (try? await person.scope.run([ChangeNews.watching])) != nil { lastWatch = now }
            var isDue = now - lastLook >= Self.poll
            switch signal {
            case .changes: isDue = true
            case .progress(let document):
                if let text = Self.text(document, for: person) {
                    try await writer.write(ByteBuffer(string: text))
                    lastWord = now
                }
            case .tick: break
            }
            if isDue {
                let sent: Int
                do {
                    sent = try await look(&cursor, for: person, &writer)
                } catch let problem as Problem where problem.code == .cursor {
                    break
                }
                if sent > 0 { lastWord = .now }
                lastLook = .now
                try await Task.sleep(for: max(Self.pause, (lastLook - now) * 2))
            }
            if .now - lastWord >= Self.heartbeat {
                try await writer.write(ByteBuffer(string: ": alive\nid: \(cursor.text)\n\n"))
                lastWord = .now
            }
        }
        try await writer.finish(nil)
    }

    /// Sends what has been committed since; answers how many events. A database that does not answer now is asked again with the next look.
    private func look(_ cursor: inout EventCursor, for person: Person, _ writer: inout any ResponseBodyWriter) async throws -> Int {
        let events = ChangeEvents(of: person.catalog, in: person.scope, for: person.caller)
        var sent = 0
        while true {
            let page: ChangeEvents.Page
            do {
                page = try await events.page(after: cursor)
            } catch let problem as Problem {
                throw problem
            } catch {
                return sent
            }
            var text = ""
            for event in page.events { text += "id: \(event.cursor.text)\nevent: change\ndata: \(event.data.text)\n\n" }
            if !text.isEmpty { try await writer.write(ByteBuffer(string: text)) }
            cursor = page.cursor
            sent += page.events.count
            if !page.hasMore { return sent }
        }
    }

    /// Progress is told to whom the work belongs, and to who runs the account.
    private static func text(_ document: JSON, for person: Person) -> String? {
        guard let members = document.members,
            document["owner"]?.string == person.userID.text || person.rights.admin.settings
        else { return nil }
        return "event: progress\ndata: \(JSON.object(members.filter { $0.name != "owner" }).text)\n\n"
    }
}
