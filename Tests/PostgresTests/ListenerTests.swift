import Foundation
import Postgres
import Testing

@Suite struct ListenerTests {
    @Test("Notifications arrive, and go on arriving after the connection was lost") func reconnects() async throws {
        let connection = try await TestServer.owner(named: "listener-test")
        let listener = Listener(connection, channels: ["listener_test", "we\"ird"])
        try await withPipeline(.test("notify"), to: try await TestServer.superuser) { pool in
            var events = listener.events().makeAsyncIterator()
            #expect(await events.next() == .connected)

            _ = try await pool.run(Unit(["SELECT pg_notify('listener_test', 'one')", "SELECT pg_notify('we\"ird', 'two')"]))
            #expect(await events.next() == .notification(channel: "listener_test", payload: "one"))
            #expect(await events.next() == .notification(channel: "we\"ird", payload: "two"))

            _ = try await pool.run(
                Unit([
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'listener-test' AND datname = current_database()"
                ]))
            #expect(await events.next() == .lost)
            #expect(await events.next() == .connected)
            var late = listener.events().makeAsyncIterator()
            #expect(await late.next() == .connected)
            _ = try await pool.run(Unit(["SELECT pg_notify('listener_test', 'three')"]))
            #expect(await events.next() == .notification(channel: "listener_test", payload: "three"))
            #expect(await late.next() == .notification(channel: "listener_test", payload: "three"))

            listener.close()
            #expect(await events.next() == nil)
            #expect(await listener.events().first { _ in true } == nil)
        }
    }
}
