import HTTPTypes
import Records
import Testing

@testable import Server

@Suite("Bodies") struct BodyTests {
    @Test(
        "What is no JSON object is refused with the reason and the place",
        arguments: [
            "", "{", "[]", "null", "\"x\"", "{\"a\":1,\"a\":2}", "{\"a\":01}", "{} {}", "{\"a\":\"\u{1}\"}", "{'a':1}", "{\"a\":1,}", "NaN",
        ])
    func malformed(text: String) async throws {
        let client = try await TestSite.shared.stranger

        let answer = try await client.send(.post, "/v1/session", text)

        #expect(answer.status == 400)
        #expect(answer.code == "malformed")
    }

    @Test("Ten thousand levels of nesting, and bytes that are no UTF-8, are refused") func nesting() async throws {
        let client = try await TestSite.shared.stranger

        let deep = try await client.send(
            .post, "/v1/session", "{\"tenant\":" + String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000) + "}")
        let broken = try await client.send(.post, "/v1/session", bytes: Array("{\"tenant\":\"".utf8) + [0xFF, 0xFE] + Array("\"}".utf8))

        #expect(deep.status == 400)
        #expect(broken.status == 400)
    }

    @Test(
        "A body of another form is refused",
        arguments: ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "json"])
    func otherForm(type: String) async throws {
        let client = try await TestSite.shared.stranger

        let answer = try await client.send(.post, "/v1/session", "{}", type: type)

        #expect(answer.status == 415)
        #expect(answer.code == "unsupported_media_type")
    }

    @Test("A body without a content type, or compressed, is refused") func undeclared() async throws {
        let client = try await TestSite.shared.stranger

        #expect(try await client.send(.post, "/v1/session", "{}", type: nil).status == 415)
        #expect(try await client.with(.contentEncoding, "gzip").send(.post, "/v1/session", "{}").status == 415)
        #expect(try await client.send(.post, "/v1/session", "{}", type: "application/json; charset=UTF-8").status == 422)
    }

    @Test("A body beyond the limit is refused, announced or not") func tooLarge() async throws {
        let client = try await TestSite.shared.stranger
        let large = "{\"tenant\":\"" + String(repeating: "x", count: 2 << 20) + "\"}"

        let announced = try await client.with(.contentLength, String(large.utf8.count)).send(.post, "/v1/session", large)
        let unannounced = try await client.send(.post, "/v1/session", large)

        for answer in [announced, unannounced] {
            #expect(answer.status == 413)
            #expect(answer.code == "too_large")
            #expect(answer.headers[.connection] == "close")
        }
    }
}
