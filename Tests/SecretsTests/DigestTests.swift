import Testing

@testable import Secrets

@Suite struct DigestTests {
    @Test("SHA-256 and HMAC agree with their published test vectors") func vectors() {
        #expect(hex(Digest.sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(hex(Digest.sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        // RFC 4231, test case 2
        #expect(
            hex(Digest.hmac(key: Array("Jefe".utf8), "what do ya want for nothing?"))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    @Test("Equality sees every difference") func equality() {
        let bytes = RandomBytes.make(32)
        #expect(Digest.isEqual(bytes, bytes))
        #expect(!Digest.isEqual(bytes, bytes.dropLast()))
        for place in bytes.indices {
            var other = bytes
            other[place] ^= 1
            #expect(!Digest.isEqual(bytes, other))
        }
    }

    @Test("Base64 without padding round-trips every length and refuses what it would not have written") func base64() {
        for length in 0..<100 {
            let bytes = RandomBytes.make(length)
            let text = Base64.url.encode(bytes)
            #expect(Base64.url.decode(text) == bytes)
        }
        #expect(Base64.url.encode([0xFB, 0xFF]) == "-_8")
        #expect(Base64.standard.encode([0xFB, 0xFF]) == "+/8")
        #expect(Base64.url.decode("-_9") == nil, "left-over bits")
        #expect(Base64.url.decode("A") == nil, "impossible length")
        #expect(Base64.url.decode("AA==") == nil, "padding")
        #expect(Base64.url.decode("A A") == nil)
    }

    @Test("A SCRAM verifier is the one PostgreSQL computes") func scram() {
        // SCRAM-SHA-256 example of RFC 7677, 3: user "user", password "pencil".
        let salt = Base64.standard.decode("W22ZaJ0SNY7soEsUEjb6gQ") ?? []
        let verifier = ScramVerifier.make(password: "pencil", salt: salt)
        #expect(
            verifier
                == "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
        )
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
