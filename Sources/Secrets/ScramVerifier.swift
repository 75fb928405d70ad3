import CLibCrypto

/// A database password in the form PostgreSQL stores it (SCRAM-SHA-256, RFC 5803): sent in `ALTER ROLE ... PASSWORD`, the password itself
/// never reaches the server or its log.
package enum ScramVerifier {
    /// `SCRAM-SHA-256$4096:<salt>$<stored key>:<server key>` for a password of ASCII characters.
    package static func make(password: String, salt: [UInt8] = RandomBytes.make(16), iterations: Int = 4096) -> String {
        let salted = [UInt8](unsafeUninitializedCapacity: 32) { key, count in
            PKCS5_PBKDF2_HMAC(
                password, Int32(password.utf8.count), salt, Int32(salt.count), Int32(iterations), EVP_sha256(), 32, key.baseAddress)
            count = 32
        }
        let stored = Digest.sha256(Digest.hmac(key: salted, "Client Key"))
        let server = Digest.hmac(key: salted, "Server Key")
        return "SCRAM-SHA-256$\(iterations):\(padded(salt))$\(padded(stored)):\(padded(server))"
    }

    /// PostgreSQL expects the padding that the rest of this house leaves out.
    private static func padded(_ bytes: [UInt8]) -> String {
        let digits = Base64.standard.encode(bytes)
        return digits + String(repeating: "=", count: (4 - digits.count % 4) % 4)
    }
}
