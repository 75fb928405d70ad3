import Testing

@testable import Secrets

@Suite struct CredentialTests {
    @Test("The checksum is CRC-32 in six digits of base 62") func checksum() {
        #expect(Checksum.crc32("123456789".utf8) == 0xCBF4_3926)
        #expect(Checksum.of("") == "000000")
        #expect(Checksum.of("123456789") == "3jZRME")
    }

    @Test("What is minted parses back to the same") func roundTrip() throws {
        for _ in 0..<200 { try mintAndParse() }
    }

    private func mintAndParse() throws {
        let key = Credential.mint(.apiKey, slug: "a-tenant")
        let parsed = try #require(Credential(parsing: key.text))
        #expect(parsed == key)
        #expect(parsed.slug == "a-tenant")
        #expect(key.text.utf8.count == "tk_a-tenant_".utf8.count + 49)
        #expect(key.hash == Digest.sha256(key.text))

        let token = Credential.mint(.operator)
        #expect(Credential(parsing: token.text) == token)
        #expect(token.slug == nil)
        #expect(token.text.utf8.count == "to_".utf8.count + 49)
    }

    @Test("One wrong character is noticed at every place") func typo() {
        let text = Credential.mint(.session, slug: "acme").text
        for place in text.indices {
            var wrong = text
            wrong.replaceSubrange(place...place, with: text[place] == "x" ? "y" : "x")
            #expect(Credential(parsing: wrong) == nil)
        }
        #expect(Credential(parsing: text + "x") == nil)
        #expect(Credential(parsing: text.dropLast()) == nil)
    }

    @Test(
        "Text that is no credential is none",
        arguments: ["", "tk", "tk_", "tk_acme", "tk_acme_", "to_", "to__", "xx_acme_abc", "Bearer tk_acme_x", "tk_äcme_x", "ts__"])
    func strangers(text: String) {
        #expect(Credential(parsing: text) == nil)
    }

    @Test("Printing a credential keeps the secret") func printing() {
        let key = Credential.mint(.apiKey, slug: "acme")
        #expect("\(key)" == key.text.prefix(12) + "...")
        #expect(String(reflecting: key) == "\(key)")
        #expect(key.visiblePrefix.count == "tk_acme_".count + 4)
    }
}
