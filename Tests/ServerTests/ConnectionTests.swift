import Foundation
import Testing

@testable import Server

@Suite("The life of a connection") struct ConnectionTests {
    private static let alive = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let post = "POST /v1/session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"

    @Test("A request of HTTP/1.0 is answered and the connection closed", arguments: ["", "Host: a\r\n", "Connection: close\r\n"])
    func older(headers: String) async throws {
        try await Wire.withServer { ports, _ in
            let socket = try Socket(port: ports.port)
            await socket.send("GET /healthz HTTP/1.0\r\n\(headers)\r\n" + Self.alive)
            let answer = try #require(await socket.receiveAll())

            #expect(answer.hasPrefix("HTTP/1.1 200"))
            #expect(answer.lowercased().contains("connection: close"))
            // What was sent behind the last request is not done.
            #expect(answer.hasSuffix("{\"status\":\"ok\"}") && answer.count(of: "HTTP/1.1") == 1)
        }
    }

    @Test("A request of HTTP/1.0 that asks for it keeps the connection, and is told so") func olderKept() async throws {
        try await Wire.withServer { ports, _ in
            let socket = try Socket(port: ports.port)
            for _ in 0..<2 {
                await socket.send("GET /healthz HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
                let answer = await socket.receive { $0.contains("\"ok\"") }

                #expect(answer.hasPrefix("HTTP/1.1 200"))
                #expect(answer.lowercased().contains("connection: keep-alive"))
            }
        }
    }

    @Test("A request of HTTP/1.0 is never told to go on") func olderExpectation() async throws {
        try await Wire.withServer { ports, _ in
            let socket = try Socket(port: ports.port)
            await socket.send(
                "POST /v1/session HTTP/1.0\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}")

            #expect(await socket.receiveAll()?.hasPrefix("HTTP/1.1 422") == true)
        }
    }

    @Test("A request of HTTP/1.1 without a Host is malformed, and nothing behind it is done") func noHost() async throws {
        try await Wire.withServer { ports, _ in
            let socket = try Socket(port: ports.port)
            await socket.send(
                Self.alive + "POST /v1/session HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}" + Self.alive)
            let answer = try #require(await socket.receiveAll())

            #expect(answer.statuses == ["200", "400"])
            #expect(answer.contains("\"malformed\"") && answer.contains("Host"))
        }
    }

    @Test("A Host that cannot be one is malformed", arguments: ["a b", "a/b", "a@b", "<a>", "\u{E9}", "a,b c"]) func wrongHost(host: String)
        async throws
    {
        try await Wire.withServer { ports, _ in
            let socket = try Socket(port: ports.port)
            await socket.send("GET /healthz HTTP/1.1\r\nHost: \(host)\r\n\r\n")
            let answer = try #require(await socket.receiveAll())

            #expect(answer.statuses == ["400"])
            #expect(answer.contains("\"malformed\"") && answer.contains("Host"))
        }
    }

    @Test("An empty Host is one") func emptyHost() async throws {
        try await Wire.withServer { ports, _ in
            let socket = try Socket(port: ports.port)
            await socket.send("GET /healthz HTTP/1.1\r\nHost:\r\n\r\n")

            #expect(await socket.receive { $0.contains("\"ok\"") }.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test("Headers that dribble in are given up after their time", arguments: [false, true]) func slowHeaders(isSecond: Bool)
        async throws
    {
        try await Wire.withServer({ $0.headerTime = .milliseconds(300) }) { ports, _ in
            let socket = try Socket(port: ports.port)
            if isSecond {
                await socket.send(Self.alive)
                _ = await socket.receive { $0.contains("\"ok\"") }
            }
            let dribble = Task { await socket.dribble("GET /healthz HTTP/1.1\r\nX-Slow: ") }
            let answer = try #require(await socket.receiveAll())
            dribble.cancel()

            #expect(answer.statuses == ["408"])
            #expect(answer.contains("\"request_timeout\"") && answer.lowercased().contains("connection: close"))
        }
    }

    @Test("A body that dribbles in is given up after its time, announced or in chunks", arguments: ["Content-Length: 100000", "chunked"])
    func slowBody(frame: String) async throws {
        try await Wire.withServer({ $0.bodyTime = .milliseconds(300) }) { ports, _ in
            let socket = try Socket(port: ports.port)
            let isChunked = frame == "chunked"
            let head = Self.post + (isChunked ? "Transfer-Encoding: chunked" : frame) + "\r\n\r\n"
            let dribble = Task { await socket.dribble(head, isChunked ? "1\r\n \r\n" : " ") }
            let answer = try #require(await socket.receiveAll())
            dribble.cancel()

            #expect(answer.statuses == ["408"])
            #expect(answer.contains("\"request_timeout\"") && answer.lowercased().contains("connection: close"))
        }
    }

    @Test("A body that dribbles in behind its answer is given up too") func slowBodyAfterAnswer() async throws {
        try await Wire.withServer({ $0.bodyTime = .milliseconds(300) }) { ports, _ in
            let socket = try Socket(port: ports.port)
            let dribble = Task { await socket.dribble("POST /nothing/at/all/here HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n") }
            let answer = try #require(await socket.receiveAll())
            dribble.cancel()

            #expect(answer.statuses == ["404"])
        }
    }

    @Test("A connection that is kept and not used is closed after its time") func idle() async throws {
        try await Wire.withServer({ $0.idleTimeout = .milliseconds(200) }) { ports, _ in
            let socket = try Socket(port: ports.port)
            await socket.send(Self.alive)

            #expect(await socket.receiveAll()?.statuses == ["200"])
            #expect(await (try Socket(port: ports.port)).receiveAll() == "")
        }
    }

    @Test("Who closes after a body that is too large still reads why") func tooLargeAndLast() async throws {
        try await Wire.withServer { ports, _ in
            let socket = try Socket(port: ports.port)
            await socket.send(Self.post + "Connection: close\r\nContent-Length: 10000000\r\n\r\n")
            await socket.send([UInt8](repeating: UInt8(ascii: " "), count: 10_000_000))

            #expect(await socket.receiveAll()?.statuses == ["413"])
        }
    }
}

extension String {
    /// The statuses of the answers in it, in order.
    fileprivate var statuses: [String] { components(separatedBy: "HTTP/1.1 ").dropFirst().map { String($0.prefix(3)) } }

    fileprivate func count(of part: String) -> Int { components(separatedBy: part).count - 1 }
}
