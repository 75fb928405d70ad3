import Testing

@testable import Secrets

@Suite("AES-256-GCM") struct AESGCMTests {
    private let key = RandomBytes.make(AESGCM.keyLength)

    @Test("It agrees with the published vectors") func vectors() {
        // McGrew and Viega, "The Galois/Counter Mode of Operation", submitted to NIST: test cases 13 and 16.
        let zeros = [UInt8](repeating: 0, count: 32)
        let empty = AESGCM.encrypt([], key: zeros, nonce: Array(zeros.prefix(12)), context: [])
        #expect(empty.encrypted == [] && hex(empty.tag) == "530f8afbc74536b9a963b4f1c4cb738b")

        let full = AESGCM.encrypt(
            bytes(
                "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                    + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"),
            key: bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
            nonce: bytes("cafebabefacedbaddecaf888"), context: bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2"))
        #expect(
            hex(full.encrypted)
                == "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662")
        #expect(hex(full.tag) == "76fc6ece0f4e1768cddf8853bb2d551b")
    }

    @Test("What was sealed opens again, whatever its length, and never looks the same twice") func roundTrip() {
        for length in [0, 1, 15, 16, 17, 1000] {
            let secret = RandomBytes.make(length)
            let sealed = AESGCM.seal(secret, key: key, context: [1, 2])

            #expect(sealed.count == length + 28)
            #expect(AESGCM.open(sealed, key: key, context: [1, 2]) == secret)
            #expect(AESGCM.seal(secret, key: key, context: [1, 2]) != sealed)
        }
    }

    @Test("Another key, another context, any changed bit and any missing byte are noticed") func tampering() {
        let sealed = AESGCM.seal(Array("a mail server's password".utf8), key: key, context: [1])

        #expect(AESGCM.open(sealed, key: RandomBytes.make(32), context: [1]) == nil)
        #expect(AESGCM.open(sealed, key: key, context: [2]) == nil)
        #expect(AESGCM.open(sealed, key: key, context: []) == nil)
        for place in sealed.indices {
            var changed = sealed
            changed[place] ^= 0x10
            #expect(AESGCM.open(changed, key: key, context: [1]) == nil)
            #expect(AESGCM.open(Array(sealed.prefix(place)), key: key, context: [1]) == nil)
        }
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    private func bytes(_ digits: String) -> [UInt8] {
        let digits = digits.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
