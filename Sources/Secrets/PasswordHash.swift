import CLibCrypto
import Foundation

/// A password as it is kept: `$scrypt$ln=15,r=8,p=3$<salt>$<hash>`, salt and hash in base64 without padding.
///
/// Making and checking one takes a tenth of a second or more of a processor and 32 MiB; both run on threads of their own, at most two at
/// a time, so that a wave of sign-ins waits in line and everything else goes on.
package struct PasswordHash: Sendable, Hashable {
    /// What is stored.
    package let text: String
    /// What it cost; make a new one at the next sign-in when the configured cost has changed.
    package let cost: ScryptCost
    private let salt: [UInt8]
    private let key: [UInt8]

    /// Reads a stored one; nil when it is not of this form.
    package init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt", let cost = ScryptCost(parsing: parts[2]),
            let salt = Base64.standard.decode(parts[3]), let key = Base64.standard.decode(parts[4]), key.count == Self.keyLength
        else { return nil }
        self.text = text
        self.cost = cost
        self.salt = salt
        self.key = key
    }

    private init(cost: ScryptCost, salt: [UInt8], key: [UInt8]) {
        self.cost = cost
        self.salt = salt
        self.key = key
        text = "$scrypt$\(cost.text)$\(Base64.standard.encode(salt))$\(Base64.standard.encode(key))"
    }

    /// The hash of a new password under a fresh random salt.
    package static func of(_ password: String, cost: ScryptCost = .standard) async -> PasswordHash {
        let salt = RandomBytes.make(16)
        return PasswordHash(cost: cost, salt: salt, key: await derive(password, salt, cost))
    }

    /// Whether it is the password of this hash.
    package func matches(_ password: String) async -> Bool {
        Digest.isEqual(await Self.derive(password, salt, cost), key)
    }

    /// The same work for an account that does not exist, so that the time of the answer does not tell.
    package static func decoy(_ password: String, cost: ScryptCost = .standard) async {
        _ = await derive(password, RandomBytes.make(16), cost)
    }

    /// Hears of each derivation that its task asks for: no clock shows as surely that a stranger costs the same work as a user.
    @TaskLocal package static var witness: (@Sendable (ScryptCost) -> Void)?

    private static let keyLength = 32

    private static func derive(_ password: String, _ salt: [UInt8], _ cost: ScryptCost) async -> [UInt8] {
        witness?(cost)
        // One password, however a keyboard composes its letters (NIST SP 800-63B, 5.1.1.2).
        let letters = Array(password.precomposedStringWithCompatibilityMapping.utf8)
        return await withCheckedContinuation { continuation in
            threads.add { continuation.resume(returning: scrypt(letters, salt, cost)) }
        }
    }

    private static func scrypt(_ password: [UInt8], _ salt: [UInt8], _ cost: ScryptCost) -> [UInt8] {
        let memory = UInt64(128 * cost.blockSize) * (1 << UInt64(cost.logN) + UInt64(cost.parallelism) + 2)
        return [UInt8](unsafeUninitializedCapacity: keyLength) { key, count in
            let isDone = password.withUnsafeBytes { letters in
                EVP_PBE_scrypt(
                    letters.bindMemory(to: CChar.self).baseAddress, letters.count, salt, salt.count, 1 << UInt64(cost.logN),
                    UInt64(cost.blockSize), UInt64(cost.parallelism), memory, key.baseAddress, keyLength)
            }
            // The cost was checked when it was read and `memory` is what it needs: only an exhausted machine comes here.
            guard isDone == 1 else { fatalError("libcrypto could not run scrypt with \(cost.text)") }
            count = keyLength
        }
    }

    /// Two at a time: each needs 32 MB.
    private static let threads = BackgroundThreads(2, name: "password")
}
