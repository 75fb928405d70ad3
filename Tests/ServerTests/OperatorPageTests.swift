import HTTPTypes
import Records
import Testing

@testable import Server

@Suite("The operators' page") struct OperatorPageTests {
    @Test("It holds nothing of anyone, runs nothing but our own files, and what lies below /operator/v1 is never a page") func shell()
        async throws
    {
        let site = try await TestSite.shared

        let page = try await site.stranger.get("/operator/tenants/acme")

        #expect(page.status == 200)
        #expect(page.headers[.contentSecurityPolicy]?.contains("script-src 'self'") == true)
        #expect(page.headers[.contentSecurityPolicy]?.contains("connect-src 'self'") == true)
        #expect(!page.text.contains("acme"))
        for path in ["/operator/v1/nothing", "/operator/v1", "/operator/nothing"] {
            #expect(try await site.operator().get(path).status == 404, "\(path)")
        }
    }

    @Test("A listener of the operators' own serves the page with its files, and leads to it") func aside() async throws {
        let listener = Client(try await TestSite.shared.aside)

        let page = try await listener.get("/operator")
        let script = try #require(page.text.firstMatch(of: /src="(\/assets\/\w+\/operator\.js)"/)).output.1

        #expect(page.status == 200)
        #expect(try await listener.get(String(script)).status == 200)
        #expect(try await listener.get("/").headers[.location] == "/operator")
    }

    @Test("A token tells whose it is") func identity() async throws {
        let site = try await TestSite.shared

        let answer = try await site.operator().get("/operator/v1/identity")

        #expect(answer.status == 200)
        #expect(try answer.json["role"] == "admin")
        #expect(try await site.stranger.get("/operator/v1/identity").status == 401)
    }
}
