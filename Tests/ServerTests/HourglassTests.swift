import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Records
import Testing

@testable import Server

/// On a loop whose time stands still until a test moves it.
@Suite("How long a request may take to arrive") struct HourglassTests {
    private let loop: EmbeddedEventLoop
    private let channel: EmbeddedChannel

    init() throws {
        loop = EmbeddedEventLoop()
        channel = EmbeddedChannel(handler: Hourglass(headerTime: .seconds(30), bodyTime: .seconds(60)), loop: loop)
        try channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    @Test("A body has its time as a whole, however often a little of it comes") func body() throws {
        try receive(.head(HTTPRequest(method: .post, scheme: "http", authority: "a", path: "/")))
        for _ in 0..<5 {
            #expect(passes(.seconds(10)))
            try receive(.body(ByteBuffer(string: " ")))
        }

        #expect(passes(.seconds(9)))
        #expect(!passes(.seconds(2)))
    }

    @Test("What is larger has its time for each two megabytes") func large() throws {
        try receive(.head(HTTPRequest(method: .post, scheme: "http", authority: "a", path: "/")))
        #expect(passes(.seconds(59)))
        try receive(.body(ByteBuffer(repeating: 32, count: 2 << 20)))

        #expect(passes(.seconds(60)))
        #expect(!passes(.seconds(2)))
    }

    @Test("While the server does not read, no time passes") func pause() throws {
        try receive(.head(HTTPRequest(method: .post, scheme: "http", authority: "a", path: "/")))
        #expect(passes(.seconds(50)))
        try channel.writeInbound(HTTPRequestPart.body(ByteBuffer(string: " ")))

        #expect(passes(.hours(1)))
        channel.read()
        #expect(passes(.seconds(9)))
        #expect(!passes(.seconds(2)))
    }

    @Test("Headers have their time from their first piece; silence between requests is none") func headers() throws {
        channel.read()
        #expect(passes(.hours(1)))
        channel.pipeline.fireChannelReadComplete()
        channel.read()

        #expect(passes(.seconds(29)))
        #expect(!passes(.seconds(2)))
    }

    @Test("Nothing is late of a client that sends nothing more, or of a request that has come") func ended() throws {
        try receive(.head(HTTPRequest(method: .get, scheme: "http", authority: "a", path: "/")))
        try receive(.end(nil))
        #expect(passes(.hours(1)))
        channel.pipeline.fireChannelReadComplete()
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        channel.read()

        #expect(passes(.hours(1)))
    }

    /// The server is told of it and asks for more.
    private func receive(_ part: HTTPRequestPart) throws {
        try channel.writeInbound(part)
        channel.read()
    }

    /// Whether time goes by without the request being given up.
    private func passes(_ time: TimeAmount) -> Bool {
        loop.advanceTime(by: time)
        do {
            try channel.throwIfErrorCaught()
            return true
        } catch {
            #expect((error as? Problem)?.code == .requestTimeout)
            return false
        }
    }
}
