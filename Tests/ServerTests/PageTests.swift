import Foundation
import HTTPTypes
import Records
import Testing
import Web

@testable import Server

/// The pages as any program sees them; `EndToEnd` has a browser look at them.
@Suite("Pages") struct PageTests {
    private func form(_ fields: [String: String]) -> String {
        fields.map { "\(PercentEncoding.encode($0))=\(PercentEncoding.encode($1))" }.joined(separator: "&")
    }

    private static let formType = "application/x-www-form-urlencoded"

    /// Signed in as a form does it; answers a client with the cookie, and the proof that its forms bring.
    private func browser(_ firm: Firm) async throws -> (client: Client, proof: String) {
        let body = form(["tenant": firm.slug, "email": firm.email, "password": TestSite.password, "next": "/contacts"])
        let answer = try await firm.site.stranger.send(.post, "/", body, type: Self.formType)
        #expect(answer.status == 303 && answer.headers[.location] == "/contacts")
        let cookie = try #require(answer.headers[.setCookie]?.split(separator: ";").first)
        let client = firm.site.stranger.with(.cookie, String(cookie)).with(.accept, "text/html")
        let page = try await client.get("/contacts").text
        let proof = try #require(page.firstMatch(of: /name="csrf" value="([^"]+)"/)?.output.1)
        return (client, String(proof))
    }

    @Test("Whoever is not signed in is led to the sign-in, and back afterwards") func leading() async throws {
        let site = try await TestSite.shared

        let list = try await site.stranger.get("/contacts?q=a%20b")
        let own = try await site.stranger.with(.accept, "text/html").get("/tickets")
        let nothing = try await site.stranger.get("/tickets")
        let home = try await site.stranger.get("/?next=%2Fcontacts")

        #expect(list.status == 303 && list.headers[.location] == "/?next=%2Fcontacts%3Fq%3Da%2520b")
        #expect(own.status == 303 && nothing.status == 404)
        #expect(home.status == 200 && home.text.contains("name=\"next\" value=\"/contacts\""))
    }

    @Test("A page's policy allows nothing but our own files, and nothing in it needs more") func policy() async throws {
        let firm = try await TestSite.shared.firm()
        let (client, _) = try await browser(firm)

        for path in ["/", "/contacts", "/contacts/new", "/search?q=a", "/settings", "/calendar"] {
            let page = try await client.get(path)
            let policy = try #require(page.headers[.contentSecurityPolicy])
            #expect(page.status == 200, "\(path)")
            #expect(policy.contains("default-src 'none'") && policy.contains("script-src 'self'") && !policy.contains("unsafe"))
            #expect(page.headers[.cacheControl] == "no-store")
            #expect(!page.text.contains(" style=\"") && page.text.firstMatch(of: /\son[a-z]+="/) == nil, "\(path)")
            for script in page.text.matches(of: /<script([^>]*)>/) {
                #expect(script.output.1.contains("src=\"/assets/") || script.output.1.contains("application/json"))
            }
        }
    }

    @Test(
        "Nobody is sent to another site after the sign-in",
        arguments: ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:1"])
    func next(address: String) async throws {
        let firm = try await TestSite.shared.firm()
        let body = form(["tenant": firm.slug, "email": firm.email, "password": TestSite.password, "next": address])

        let answer = try await firm.site.stranger.send(.post, "/", body, type: Self.formType)

        #expect(answer.status == 303 && answer.headers[.location] == "/")
    }

    @Test("A form that another site's page sends signs nobody in") func foreign() async throws {
        let firm = try await TestSite.shared.firm()
        let body = form(["tenant": firm.slug, "email": firm.email, "password": TestSite.password])
        let site = try #require(HTTPField.Name("Sec-Fetch-Site"))

        let foreign = try await firm.site.stranger.with(site, "cross-site").send(.post, "/", body, type: Self.formType)
        let own = try await firm.site.stranger.with(site, "same-origin").send(.post, "/", body, type: Self.formType)

        #expect(foreign.status == 403 && foreign.headers[.setCookie] == nil)
        #expect(own.status == 303)
    }

    @Test("A form without its proof changes nothing") func proof() async throws {
        let firm = try await TestSite.shared.firm()
        let (client, proof) = try await browser(firm)

        let without = try await client.send(.post, "/contacts/new", form(["last_name": "X"]), type: Self.formType)
        let with = try await client.send(.post, "/contacts/new", form(["last_name": "X", "csrf": proof]), type: Self.formType)

        #expect(without.status == 403)
        #expect(with.status == 303)
        #expect(try await firm.admin().get("/v1/contacts?count=exact").json["page"]?["count"]?.integer == 1)
    }

    @Test("A form that was overtaken keeps what was typed and says so; sent again it counts") func overtaken() async throws {
        let firm = try await TestSite.shared.firm()
        let (client, proof) = try await browser(firm)
        let admin = try await firm.admin()
        let id = try #require(try await admin.post("/v1/contacts", ["last_name": "Before"]).json["id"]?.string)
        _ = try await admin.patch("/v1/contacts/\(id)", ["title": "Meanwhile"])

        let late = form(["last_name": "Mine", "version": "1", "csrf": proof])
        let answer = try await client.send(.post, "/contacts/\(id)/edit", late, type: Self.formType)
        let version = try #require(answer.text.firstMatch(of: /name="version" value="(\d+)"/)?.output.1)
        let again = form(["last_name": "Mine", "version": String(version), "csrf": proof])
        let second = try await client.send(.post, "/contacts/\(id)/edit", again, type: Self.formType)

        #expect(answer.status == 412 && answer.text.contains("value=\"Mine\"") && answer.text.contains("role=\"alert\""))
        #expect(second.status == 303)
        let record = try await admin.get("/v1/contacts/\(id)").json
        #expect(record["last_name"] == "Mine" && record["title"] == "Meanwhile")
    }

    @Test("Another firm's record is a page that is not there") func strangers() async throws {
        let (one, two) = (try await TestSite.shared.firm(), try await TestSite.shared.firm())
        let id = try #require(try await one.admin().post("/v1/contacts", ["last_name": "Secret"]).json["id"]?.string)
        let (client, _) = try await browser(two)

        let theirs = try await client.get("/contacts/\(id)")
        let nobodys = try await client.get("/contacts/\(UUID().uuidString.lowercased())")

        #expect(theirs.status == 404 && nobodys.status == 404 && theirs.text == nobodys.text)
        #expect(theirs.headers[.contentType] == "text/html; charset=utf-8")
    }

    @Test("A page speaks the language of its reader") func language() async throws {
        let site = try await TestSite.shared

        let german = try await site.stranger.with(.acceptLanguage, "de-CH,de;q=0.9").get("/")
        let chinese = try await site.stranger.with(.acceptLanguage, "zh-CN").get("/")

        #expect(german.text.contains("lang=\"de\"") && german.text.contains(">Passwort<"))
        #expect(chinese.text.contains("lang=\"zh-CN\"") && chinese.text.contains(">密码<"))
    }
}

@Suite("The page's files") struct AssetTests {
    @Test("A page names every script that it begins with, so that none is found only by reading another") func early() async throws {
        let site = try await TestSite.shared
        let firm = try await site.firm()
        let body = "tenant=\(firm.slug)&email=\(PercentEncoding.encode(firm.email))&password=\(PercentEncoding.encode(TestSite.password))"
        let signedIn = try await site.stranger.send(.post, "/", body, type: "application/x-www-form-urlencoded")
        let cookie = try #require(signedIn.headers[.setCookie]?.split(separator: ";").first)

        let page = try await site.stranger.with(.cookie, String(cookie)).get("/contacts").text

        let early = Set(page.matches(of: /rel="modulepreload" href="\/assets\/[0-9a-f]+\/([\w-]+\.js)"/).map { String($0.output.1) })
        #expect(early.isSuperset(of: ["app.js", "list.js", "fields.js"]))
        for name in early {
            let text = String(decoding: try #require(WebFiles.embedded.files[name]).bytes, as: UTF8.self)
            for match in text.matches(of: /(?m)^(?:import|export)[^;]* from '\.\/([\w-]+\.js)'/) {
                #expect(early.contains(String(match.output.1)), "\(name) imports it")
            }
        }
        #expect(page.contains("/texts/en.json\"></script>"))
    }

    @Test("They are kept for ever under an address made of what is in them, and travel compressed") func caching() async throws {
        let site = try await TestSite.shared
        let page = try await site.stranger.get("/").text
        let address = try #require(page.firstMatch(of: /href="(\/assets\/[0-9a-f]+\/app\.css)"/)?.output.1)

        let plain = try await site.stranger.get(String(address))
        let zipped = try await site.stranger.with(.acceptEncoding, "gzip, br").get(String(address))
        let older = try await site.stranger.get("/assets/0000000000000000/app.css")

        #expect(plain.status == 200 && plain.headers[.contentType] == "text/css; charset=utf-8")
        #expect(plain.headers[.cacheControl] == "public, max-age=31536000, immutable" && plain.headers[.vary] == "Accept-Encoding")
        #expect(
            zipped.headers[.contentEncoding] == "gzip" && zipped.bytes.starts(with: [0x1F, 0x8B])
                && zipped.bytes.count < plain.bytes.count / 2)
        #expect(older.status == 200 && older.headers[.cacheControl] == "no-cache", "A page from before an update still finds its files.")
        #expect(try await site.stranger.get("/assets/0000000000000000/none.js").status == 404)
    }

    @Test("Whatever a script imports is there") func imports() throws {
        let files = WebFiles.embedded.files
        for (name, file) in files where name.hasSuffix(".js") {
            let text = String(decoding: file.bytes, as: UTF8.self)
            for match in text.matches(of: /(?:from |import\()'\.\/([\w.\-\/]+)'/) {
                #expect(files[String(match.output.1)] != nil, "\(name) imports \(match.output.1)")
            }
        }
    }

    @Test("The manifest and the worker name this version's files; a firm's colour is nothing but a colour") func named() async throws {
        let site = try await TestSite.shared

        let manifest = try await site.stranger.get("/manifest.webmanifest")
        let worker = try await site.stranger.get("/worker.js")
        let colour = try await site.stranger.get("/brand/1f5fbf.css")

        for icon in try #require(try manifest.json["icons"]?.elements) {
            #expect(try await site.stranger.get(try #require(icon["src"]?.string)).status == 200)
        }
        #expect(worker.status == 200 && worker.text.contains("/assets/") && !worker.text.contains("{assets}"))
        #expect(colour.text == ":root{--brand:#1f5fbf}")
        #expect(try await site.stranger.get("/brand/1f5fb}.css").status == 404)
    }
}
