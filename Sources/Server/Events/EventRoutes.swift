import HTTPTypes
import HummingbirdCore
import NIOCore
import Records

/// `GET /v1/events`: changes as they happen.
struct EventRoutes: Sendable {
    let house: House

    init(_ house: House) { self.house = house }

    static let path = "/v1/events"

    var endpoints: [Endpoint] { [.person(.get, Self.path, Self.follow, follow)] }

    private func follow(_ call: Call, _ person: Person) async throws -> Reply {
        let events = ChangeEvents(of: person.catalog, in: person.scope, for: person.caller)
        var start: EventCursor
        if let last = call.headers[.lastEventID], !last.isEmpty {
            start = try EventCursor(parsing: last)
            // A cursor of another database is refused now, while there is a status to say so.
            _ = try await events.page(after: start)
        } else {
            // Those who write from now on must know that someone listens, before the moment from which on everything is told.
            _ = try await person.scope.run([ChangeNews.watching])
            start = try await events.now()
        }
        guard let signals = house.events.follow(person.tenant.slug) else {
            throw Problem(
                .rateLimited, "At most \(house.settings.eventConnections) connections of an account follow its changes here.",
                retryAfter: 30)
        }
        var reply = Reply(contentType: "text/event-stream", ByteBuffer())
        // nginx would hold events back until its buffer is full.
        reply.headers[.accelBuffering] = "no"
        let stream = EventStream(house: house, call: call, start: start, signals: signals)
        reply.body = ResponseBody { writer in try await stream.run(&writer) }
        return reply
    }

    private static let follow = Operation(
        "events.follow",
        """
        Follow what changes as it happens (server-sent events). `event: change` has `{"type","id","version","action","actor"}` of each change \
        that the caller may read; `event: progress` tells `{"kind","id","state","progress"}` of the caller's imports and exports. Each \
        change comes once and none is left out, also over a reconnection with `Last-Event-ID`; changes of one record come in the order of \
        their versions
        """, tag: "Events",
        parameters: [
            Parameter(
                "Last-Event-ID", in: .header, ["type": "string"],
                "The `id` of the last event received: goes on behind it. Without it from now on.")
        ],
        responses: [
            200: ResponseDescription(
                "Events without end; a comment at least every 15 seconds. Ends when the server stops or the credential is revoked.",
                schema: ["type": "string"], contentType: "text/event-stream")
        ], problems: [.cursor, .rateLimited])
}
