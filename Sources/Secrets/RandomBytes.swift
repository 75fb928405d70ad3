import CLibCrypto

/// Bytes nobody can predict.
package enum RandomBytes {
    /// `count` bytes of libcrypto's generator, which the system seeds and reseeds.
    package static func make(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { bytes, filled in
            fill(UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: bytes[..<count])))
            filled = count
        }
    }

    /// The same as two numbers, without an array.
    static func words() -> (UInt64, UInt64) {
        var words: (UInt64, UInt64) = (0, 0)
        withUnsafeMutableBytes(of: &words) { fill($0) }
        return words
    }

    private static func fill(_ bytes: UnsafeMutableRawBufferPointer) {
        // It fails only when the system has no entropy at all; a guessable secret would be worse than no process.
        guard RAND_bytes(bytes.baseAddress, Int32(bytes.count)) == 1 else { fatalError("libcrypto has no random bytes") }
    }
}
