import CLibCrypto

/// SHA-256 (FIPS 180-4) of bytes that come one batch after another.
package struct RunningDigest: ~Copyable, Sendable {
    // Safe: the value cannot be copied, so one owner at a time holds the context, and only `add` and `finish` of that owner touch it.
    private nonisolated(unsafe) let context: OpaquePointer

    package init() {
        // They fail only when memory is exhausted.
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            fatalError("libcrypto could not begin a digest")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    package mutating func add(_ bytes: [UInt8]) {
        EVP_DigestUpdate(context, bytes, bytes.count)
    }

    /// The 32 bytes of everything that was added.
    package consuming func finish() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { digest, count in
            EVP_DigestFinal_ex(context, digest.baseAddress, nil)
            count = Int(SHA256_DIGEST_LENGTH)
        }
    }
}
