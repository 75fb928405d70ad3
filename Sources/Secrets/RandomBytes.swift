import CLibCrypto

/// Bytes nobody can predict.
package enum RandomBytes {
    /// `count` bytes of libcrypto's generator, which the system seeds and reseeds.
    package static func make(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { bytes, filled in
            // It fails only when the system has no entropy at all; a guessable secret would be worse than no process.
            guard RAND_bytes(bytes.baseAddress, Int32(count)) == 1 else { fatalError("libcrypto has no random bytes") }
            filled = count
        }
    }
}
