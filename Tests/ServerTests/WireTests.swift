import Foundation
import Testing

@testable import Server

@Suite("On the wire") struct WireTests {
    private static let alive = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"

    @Test(
        "Bytes that are no HTTP get a problem document, and the server goes on",
        arguments: [
            "\r\n\r\n\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\nbad header\r\n\r\n",
            "G\u{0}T / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", "GET / HTTP/1.1\r\nX: a\u{0}b\r\n\r\n", "GET /\u{1} HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
            "\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}",
            "GET http://[::1 HTTP/1.1\r\n\r\n",
        ])
    func malformed(text: String) async throws {
        try await Wire.withServer { ports, _ in
            let socket = try Socket(port: ports.port)
            await socket.send(text)
            socket.finish()
            let answer = await socket.receive()
            let next = try Socket(port: ports.port)
            await next.send(Self.alive)

            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(answer)")
            if answer.hasPrefix("HTTP/1.1 400") { #expect(answer.contains("application/problem+json")) }
            #expect(await next.receive { $0.contains("\"ok\"") }.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test("Random bytes do not bring the server down") func noise() async throws {
        try await Wire.withServer { ports, _ in
            var random = SystemRandomNumberGenerator()
            for round in 0..<200 {
                let socket = try Socket(port: ports.port)
                let head = round % 2 == 0 ? "" : "POST /v1/session HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
                let noise = (0..<Int.random(in: 1...400, using: &random)).map { _ in
                    round % 3 == 0
                        ? UInt8.random(in: 0...255, using: &random) : "\r\n: /%0aZ;GETHTP1.\t".utf8.randomElement(using: &random) ?? 0
                }
                await socket.send(Array(head.utf8) + noise)
                socket.finish()
                _ = await socket.receive()
            }
            let next = try Socket(port: ports.port)
            await next.send(Self.alive)

            #expect(await next.receive { $0.contains("\"ok\"") }.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test("Headers and addresses too large for the decoder are refused with a document") func oversized() async throws {
        try await Wire.withServer { ports, _ in
            var answers: [String] = []
            for text in [
                "GET /" + String(repeating: "a", count: 9_000) + " HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nX-Large: " + String(repeating: "a", count: 40_000) + "\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nX-Large: " + String(repeating: "a", count: 400_000) + "\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\n" + (0..<600).map { "X-\($0): a\r\n" }.joined() + "\r\n",
            ] {
                let socket = try Socket(port: ports.port)
                await socket.send(text)
                answers.append(await socket.receive { $0.contains("request_id") })
            }

            #expect(answers.map { String($0.prefix(12)) } == ["HTTP/1.1 414", "HTTP/1.1 431", "HTTP/1.1 431", "HTTP/1.1 431"])
            #expect(answers.allSatisfy { $0.contains("application/problem+json") && $0.contains("nosniff") })
        }
    }

    @Test("Two Host headers, and a body cut short, are refused") func ambiguous() async throws {
        try await Wire.withServer { ports, _ in
            let twice = try Socket(port: ports.port)
            await twice.send("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
            let first = await twice.receive { $0.contains("request_id") }
            let short = try Socket(port: ports.port)
            await short.send("POST /v1/session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"a\"")
            short.finish()
            let second = await short.receive()

            #expect(first.hasPrefix("HTTP/1.1 400"))
            #expect(second.isEmpty || second.hasPrefix("HTTP/1.1 400"), "\(second)")
        }
    }

    @Test("A broken chunk inside a body is told by the request's own answer") func brokenChunk() async throws {
        try await Wire.withServer { ports, _ in
            let socket = try Socket(port: ports.port)
            await socket.send(
                "POST /v1/session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx\r\n")
            let answer = await socket.receive()

            #expect(answer.hasPrefix("HTTP/1.1 400"))
            #expect(answer.contains("\"malformed\""))
            #expect(answer.components(separatedBy: "HTTP/1.1").count == 2)
        }
    }

    @Test("Requests one behind the other are answered in order, the unreadable one last") func pipelining() async throws {
        try await Wire.withServer { ports, _ in
            let socket = try Socket(port: ports.port)
            await socket.send(
                Self.alive + "HEAD /readyz HTTP/1.1\r\nHost: a\r\n\r\n" + "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n" + "nonsense\r\n\r\n")
            let answer = await socket.receive()

            #expect(answer.components(separatedBy: "HTTP/1.1 ").dropFirst().map { $0.prefix(3) } == ["200", "200", "404", "400"])
        }
    }

    @Test("A client that asks whether to go on is told, unless its body is too large") func expectation() async throws {
        try await Wire.withServer { ports, _ in
            let head = "POST /v1/session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
            let small = try Socket(port: ports.port)
            await small.send(head + "Content-Length: 2\r\n\r\n")
            #expect(await small.receive { $0.contains("\r\n\r\n") }.hasPrefix("HTTP/1.1 100"))
            await small.send("{}")
            #expect(await small.receive { $0.contains("request_id") }.hasPrefix("HTTP/1.1 422"))

            let large = try Socket(port: ports.port)
            await large.send(head + "Content-Length: 10000000\r\n\r\n")
            #expect(await large.receive { $0.contains("request_id") }.hasPrefix("HTTP/1.1 413"))
        }
    }

    @Test("A body that is too large is refused, and the client that sends all of it still reads why", arguments: [true, false])
    func tooLarge(isAnnounced: Bool) async throws {
        try await Wire.withServer { ports, _ in
            let socket = try Socket(port: ports.port)
            let frame = isAnnounced ? "Content-Length: 10000000" : "Transfer-Encoding: chunked"
            await socket.send("POST /v1/session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\(frame)\r\n\r\n")
            let body = [UInt8](repeating: UInt8(ascii: " "), count: 10_000_000)
            await socket.send(isAnnounced ? body : Array("989680\r\n".utf8) + body + Array("\r\n0\r\n\r\n".utf8))
            let answer = await socket.receive()

            #expect(answer.hasPrefix("HTTP/1.1 413"))
            #expect(answer.lowercased().contains("connection: close"))
        }
    }

    @Test("Who says that it was the last request is closed after the answer", arguments: ["close", "Close"]) func last(word: String)
        async throws
    {
        try await Wire.withServer { ports, _ in
            let socket = try Socket(port: ports.port)
            await socket.send("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: \(word)\r\n\r\n")

            #expect(await socket.receive().hasSuffix("{\"status\":\"ok\"}"))
        }
    }

    @Test("A connection on which nothing happens is closed") func idle() async throws {
        try await Wire.withServer({ $0.idleTimeout = .milliseconds(200) }) { ports, _ in
            let socket = try Socket(port: ports.port)
            await socket.send("GET /healthz HT")

            #expect(await socket.receive().isEmpty)
        }
    }

    @Test("Told to stop, it finishes what runs, accepts nothing more and ends") func shutdown() async throws {
        try await Wire.withServer { ports, group in
            let busy = try Socket(port: ports.port)
            await busy.send(
                "POST /v1/session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
            )
            // Only what the server has begun to read is to be finished: its word to go on shows that it has.
            _ = await busy.receive { $0.contains("100 Continue\r\n\r\n") }
            await busy.send("{")
            let idle = try Socket(port: ports.port)
            await idle.send(Self.alive)
            _ = await idle.receive { $0.contains("\"ok\"") }

            await group.triggerGracefulShutdown()

            #expect(await idle.receive().isEmpty)
            try await eventually { (try? Socket(port: ports.port)) == nil }
            await busy.send("}")
            #expect(await busy.receive().hasPrefix("HTTP/1.1 422"))
        }
    }

    @Test("A request that does not end does not hold the end up for ever") func patience() async throws {
        let start = ContinuousClock.now
        try await Wire.withServer({ $0.shutdownPatience = .milliseconds(300) }) { ports, _ in
            let busy = try Socket(port: ports.port)
            await busy.send("POST /v1/session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{")
            _ = consume busy
        }
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    @Test("Operators may have a listener of their own") func twoListeners() async throws {
        try await Wire.withServer({ $0.operatorPort = 0 }) { ports, _ in
            let operatorPort = try #require(ports.operatorPort)
            let main = try Socket(port: ports.port)
            let aside = try Socket(port: operatorPort)
            let question = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"
            await main.send(question)
            await aside.send(question)

            #expect(await main.receive { $0.contains("request_id") }.hasPrefix("HTTP/1.1 404"))
            #expect(await aside.receive { $0.contains("tenantry_tenants") }.hasPrefix("HTTP/1.1 200"))
        }
    }
}
