import CLibCrypto

/// AES-256 in Galois/Counter Mode (NIST SP 800-38D), computed by OpenSSL's libcrypto: what is sealed can neither be read nor changed
/// without the key.
package enum AESGCM {
    /// Bytes of a key.
    package static let keyLength = 32
    private static let nonceLength = 12
    private static let tagLength = 16

    /// A fresh nonce, the bytes encrypted, and the tag. `context` is not in it, but whoever opens it must name the same.
    ///
    /// Nonces are random: one key seals four thousand million times before two are likely enough to meet to matter (section 8.3).
    package static func seal(_ bytes: [UInt8], key: [UInt8], context: [UInt8]) -> [UInt8] {
        let nonce = RandomBytes.make(nonceLength)
        let (encrypted, tag) = encrypt(bytes, key: key, nonce: nonce, context: context)
        return nonce + encrypted + tag
    }

    /// What was sealed; nil when key or context are others, or any bit was changed.
    package static func open(_ sealed: [UInt8], key: [UInt8], context: [UInt8]) -> [UInt8]? {
        guard sealed.count >= nonceLength + tagLength else { return nil }
        let encrypted = Array(sealed[nonceLength..<sealed.count - tagLength])
        let cipher = Cipher(key: key, nonce: Array(sealed.prefix(nonceLength)), encrypts: false)
        cipher.add(context: context)
        let bytes = cipher.update(encrypted)
        return cipher.finish(expecting: Array(sealed.suffix(tagLength))) ? bytes : nil
    }

    /// With a nonce of the caller's choice, which must never come twice under one key.
    static func encrypt(_ bytes: [UInt8], key: [UInt8], nonce: [UInt8], context: [UInt8]) -> (encrypted: [UInt8], tag: [UInt8]) {
        let cipher = Cipher(key: key, nonce: nonce, encrypts: true)
        cipher.add(context: context)
        let encrypted = cipher.update(bytes)
        return (encrypted, cipher.finish())
    }

    /// One run of libcrypto's cipher.
    private final class Cipher {
        private let state: OpaquePointer

        /// libcrypto fails here and below only when memory is exhausted: a secret kept half encrypted would be worse than no process.
        init(key: [UInt8], nonce: [UInt8], encrypts: Bool) {
            precondition(key.count == keyLength && nonce.count == nonceLength, "a key has 32 bytes, a nonce 12")
            guard let state = EVP_CIPHER_CTX_new(),
                EVP_CipherInit_ex(state, EVP_aes_256_gcm(), nil, key, nonce, encrypts ? 1 : 0) == 1
            else { fatalError("libcrypto could not begin AES-256-GCM") }
            self.state = state
        }

        deinit { EVP_CIPHER_CTX_free(state) }

        func add(context: [UInt8]) {
            var length: Int32 = 0
            guard context.isEmpty || EVP_CipherUpdate(state, nil, &length, context, Int32(context.count)) == 1 else {
                fatalError("libcrypto could not take the context")
            }
        }

        func update(_ bytes: [UInt8]) -> [UInt8] {
            guard !bytes.isEmpty else { return [] }
            return [UInt8](unsafeUninitializedCapacity: bytes.count) { output, count in
                var length: Int32 = 0
                guard EVP_CipherUpdate(state, output.baseAddress, &length, bytes, Int32(bytes.count)) == 1 else {
                    fatalError("libcrypto could not run AES-256-GCM")
                }
                count = Int(length)
            }
        }

        /// The tag of what was encrypted.
        func finish() -> [UInt8] {
            var rest = [UInt8](repeating: 0, count: 16)
            var length: Int32 = 0
            var tag = [UInt8](repeating: 0, count: tagLength)
            guard EVP_CipherFinal_ex(state, &rest, &length) == 1,
                EVP_CIPHER_CTX_ctrl(state, EVP_CTRL_GCM_GET_TAG, Int32(tagLength), &tag) == 1
            else { fatalError("libcrypto could not finish AES-256-GCM") }
            return tag
        }

        /// Whether what was decrypted is what was encrypted.
        func finish(expecting tag: [UInt8]) -> Bool {
            var tag = tag
            var rest = [UInt8](repeating: 0, count: 16)
            var length: Int32 = 0
            return EVP_CIPHER_CTX_ctrl(state, EVP_CTRL_GCM_SET_TAG, Int32(tag.count), &tag) == 1
                && EVP_CipherFinal_ex(state, &rest, &length) == 1
        }
    }
}
