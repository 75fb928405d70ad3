import Foundation
import HTTPTypes
import Postgres
import Records
import Testing

@testable import Server

@Suite("Bad input is refused by its name, and leaves nothing behind") struct BadInputTests {
    /// A body that would change something if any of it were taken, and how it is refused.
    struct Body: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        let status: Int
        let code: String
        var pointers: [String] = []

        init(_ what: String, _ bytes: [UInt8], _ status: Int, _ code: String) {
            testDescription = what
            self.bytes = bytes
            self.status = status
            self.code = code
        }

        /// No JSON, or none that can be read in one way.
        static func unreadable(_ what: String, _ text: String) -> Body { Body(what, Array(text.utf8), 400, "malformed") }

        /// One member that breaks the model, beside one that does not.
        static func breaking(_ pointer: String, _ member: String) -> Body {
            var body = Body(member, Array("{\"last_name\":\"Changed\",\(member)}".utf8), 422, "invalid")
            body.pointers = [pointer]
            return body
        }
    }

    static let bodies: [Body] = [
        .unreadable("nothing", ""), .unreadable("half an object", "{\"last_name\":\"Changed\""),
        .unreadable("a comma too many", "{\"last_name\":\"Changed\",}"), .unreadable("two objects", "{\"last_name\":\"Changed\"} {}"),
        .unreadable("an array", "[{\"last_name\":\"Changed\"}]"), .unreadable("a text", "\"Changed\""),
        .unreadable("a name twice", "{\"last_name\":\"Changed\",\"last_name\":\"Again\"}"),
        .unreadable("a name twice further in", "{\"last_name\":\"Changed\",\"address\":{\"city\":\"a\",\"city\":\"b\"}}"),
        .unreadable("a NUL as it is", "{\"last_name\":\"Chan\0ged\"}"), .unreadable("half a surrogate", "{\"last_name\":\"\\ud800\"}"),
        .unreadable("ten thousand levels", deep), Body("no UTF-8", name(of: [0x43, 0xFF, 0xC0, 0x80]), 400, "malformed"),
        Body("ten megabytes", name(of: [UInt8](repeating: UInt8(ascii: "x"), count: 10 << 20)), 413, "too_large"),
        .breaking("/first_name", "\"first_name\":7"), .breaking("/first_name", "\"first_name\":[\"a\"]"),
        .breaking("/first_name", "\"first_name\":\"a\\u0000b\""), .breaking("/email", "\"email\":true"),
        .breaking("/email_opt_out", "\"email_opt_out\":\"yes\""), .breaking("/tags", "\"tags\":\"a\""),
        .breaking("/company_id", "\"company_id\":{}"), .breaking("/company_id", "\"company_id\":\"1\""),
        .breaking("/birthday", "\"birthday\":\"2026-02-30\""), .breaking("/birthday", "\"birthday\":\"2025-02-29\""),
        .breaking("/birthday", "\"birthday\":\"2026-13-01\""), .breaking("/birthday", "\"birthday\":20260130"),
        .breaking("/bogus", "\"bogus\":1"), .breaking("/custom/bogus", "\"custom\":{\"bogus\":1}"),
    ]

    private static var deep: String {
        let brackets = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
        return "{\"last_name\":\"Changed\",\"custom\":\(brackets)}"
    }

    private static func name(of bytes: [UInt8]) -> [UInt8] {
        var body = Array("{\"last_name\":\"".utf8)
        body += bytes
        return body + Array("\"}".utf8)
    }

    @Test("On POST and on PATCH: the status, the code and the place are told, and neither records nor history move", arguments: bodies)
    func body(body: Body) async throws {
        let firm = try await TestSite.shared.firm()
        let client = try await firm.admin()
        let made = try await client.post("/v1/contacts", ["last_name": "Kept"])
        let id = try #require(try made.json["id"]?.string)
        let scope = try await firm.scope()
        let before = try await scope.rows("SELECT (SELECT count(*) FROM contacts), (SELECT count(*) FROM changes)")[0]

        let post = try await client.send(.post, "/v1/contacts", bytes: body.bytes)
        let patch = try await client.send(.patch, "/v1/contacts/\(id)", bytes: body.bytes)

        for answer in [post, patch] {
            #expect(answer.status == body.status && answer.code == body.code, "\(answer.text)")
            #expect(answer.headers[.contentType] == "application/problem+json")
            #expect(answer.pointers == body.pointers, "\(answer.text)")
        }
        let after = try await scope.rows("SELECT (SELECT count(*) FROM contacts), (SELECT count(*) FROM changes)")[0]
        #expect(try after.int(0) == before.int(0) && after.int(1) == before.int(1))
        #expect(try await client.get("/v1/contacts/\(id)").bytes == made.bytes)
    }

    @Test("A line break in a filter comes back in the next page's address as it was sent, and begins no header") func link() async throws {
        let client = try await TestSite.shared.firm().admin()
        for name in ["One", "Two"] { #expect(try await client.post("/v1/contacts", ["last_name": .string(name)]).status == 201) }
        let filter = "filter%5Blast_name%5D%5Bne%5D=x%0D%0ASet-Cookie%3A%20stolen%3D1"

        let page = try await client.get("/v1/contacts?limit=1&" + filter)

        #expect(page.status == 200, "\(page.text)")
        let link = try #require(page.headers[.link])
        #expect(link.contains("x%0D%0ASet-Cookie") && !link.contains { $0.isNewline })
        #expect(page.headers[.setCookie] == nil)
        let next = link.dropFirst().prefix { $0 != ">" }
        #expect(try await client.get(String(next)).json["data"]?.elements?.count == 1)
    }

    @Test("A line break in a file's name is refused, and nothing is kept of the file") func fileName() async throws {
        let firm = try await TestSite.shared.firm()
        let client = try await firm.admin()
        let id = try #require(try await client.post("/v1/contacts", ["last_name": "Files"]).json["id"]?.string)

        for name in ["a%0D%0ASet-Cookie:%20stolen=1.pdf", "a%0Ab", "a%0Db", "a%C2%85b"] {
            let answer = try await client.send(
                .post, "/v1/contacts/\(id)/attachments?name=\(name)", bytes: [1], type: "application/pdf")
            #expect(answer.status == 400 && answer.code == "malformed", "\(name)")
            #expect(answer.headers[.setCookie] == nil && answer.headers[.contentDisposition] == nil)
        }

        #expect(try await firm.scope().rows("SELECT count(*) FROM attachments")[0].int(0) == 0)
    }

    @Test("A request id that would begin a header of its own is replaced", arguments: ["a%0D%0ASet-Cookie:x=1", "a\r\nSet-Cookie: x=1"])
    func requestID(id: String) async throws {
        let answer = try await TestSite.shared.stranger.with(.requestID, id).get("/nothing")

        let given = try #require(answer.headers[.requestID])
        #expect(!given.contains("Set-Cookie") && answer.headers[.setCookie] == nil)
        #expect(try answer.json["request_id"]?.string == given)
    }
}
