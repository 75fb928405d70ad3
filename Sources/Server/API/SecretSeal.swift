import Foundation
import Records
import Secrets

/// Keeps a new API key, or another new secret, unreadable in the answer that is stored for a repeated request, and opens it when its maker asks again.
///
/// The pad is made from the maker's own token, which is stored nowhere, and the id of the new key, which is used once: a one-time pad. Who
/// reads the database, now or in a backup, finds nothing.
struct SecretSeal: Sendable {
    private let token: [UInt8]

    init(of person: Person) {
        token = Array(person.credential.text.utf8)
    }

    func closed(_ secret: String, id: UUID) -> String {
        Base64.url.encode(padded(Array(secret.utf8), id))
    }

    /// The stored answer with its secret, by default `key`, readable again.
    func opened(_ body: [UInt8], member name: String = "key") throws -> [UInt8] {
        let document = try JSON(parsing: body)
        guard let id = document["id"]?.string.flatMap(UUID.init(text:)), let sealed = document[name]?.string,
            let bytes = Base64.url.decode(sealed)
        else { return body }
        let secret = String(decoding: padded(bytes, id), as: UTF8.self)
        return JSON.object((document.members ?? []).map { $0.name == name ? .init(name, .string(secret)) : $0 }).bytes
    }

    private func padded(_ bytes: [UInt8], _ id: UUID) -> [UInt8] {
        let blocks = (0...bytes.count / 32).flatMap { Digest.hmac(key: token, "api key \(id.uuidString) \($0)") }
        return zip(bytes, blocks).map { $0 ^ $1 }
    }
}
