import Secrets
import Testing

@Suite struct PasswordHashTests {
    @Test("Only the right password matches, also after the hash was stored") func matching() async throws {
        let hash = await PasswordHash.of("correct horse battery staple", cost: .trivial)

        let stored = try #require(PasswordHash(hash.text))

        #expect(await stored.matches("correct horse battery staple"))
        #expect(await !stored.matches("correct horse battery stapl"))
        #expect(await !stored.matches(""))
        #expect(stored.cost == .trivial)
    }

    @Test("It agrees with the test vectors of RFC 7914 in the written form") func vectors() async throws {
        // RFC 7914, 12: P="password", S="NaCl", N=1024, r=8, p=16; the first 32 of its 64 bytes.
        let hash = try #require(PasswordHash("$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI"))
        #expect(await hash.matches("password"))
    }

    @Test("The standard cost is written out and the salt never repeats") func form() async {
        async let first = PasswordHash.of("secret")
        async let second = PasswordHash.of("secret")
        let texts = await [first.text, second.text]
        #expect(texts[0].hasPrefix("$scrypt$ln=15,r=8,p=3$"))
        #expect(texts[0] != texts[1])
    }

    @Test("The same letters typed on another keyboard are the same password") func normalisation() async {
        let hash = await PasswordHash.of("Gar\u{E7}on", cost: .trivial)
        #expect(await hash.matches("Garc\u{327}on"))
    }

    @Test(
        "A text of another form is no hash",
        arguments: [
            "", "$scrypt$", "$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA",
            "$scrypt$ln=40,r=8,p=1$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI",
            "$scrypt$ln=10,r=8,p=16$TmFDbA$short",
        ])
    func strangers(text: String) {
        #expect(PasswordHash(text) == nil)
    }
}
