import Foundation
import Secrets

/// Whether Stripe wrote what came: the header `Stripe-Signature` holds a time and HMAC-SHA256 digests of that time and the body
/// (docs.stripe.com/webhooks/signature).
struct StripeSignature: Sendable {
    let secrets: [String]

    /// How old, or how far ahead of our clock, a signature may be.
    static let tolerance: TimeInterval = 300

    /// Refuses with `.forged`.
    func check(_ body: [UInt8], _ header: String?, now: Date) throws(PaymentError) {
        guard let header else { throw .forged("The header Stripe-Signature is missing.") }
        let parts = header.split(separator: ",").map {
            $0.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
        }
        .filter { $0.count == 2 }
        guard let time = parts.first(where: { $0[0] == "t" })?[1], let seconds = Int(time) else {
            throw .forged("The header Stripe-Signature has no time.")
        }
        guard abs(now.timeIntervalSince1970 - Double(seconds)) <= Self.tolerance else {
            throw .forged("The signature is too old, or from the future.")
        }
        let given = parts.filter { $0[0] == "v1" }.map { Array($0[1].lowercased().utf8) }
        let isGenuine = secrets.contains { secret in
            let digest = Digest.hmac(key: Array(secret.utf8), Array("\(time).".utf8) + body)
            return given.contains { Digest.isEqual($0, Array(digest.hex.utf8)) }
        }
        guard isGenuine else { throw .forged("The signature is not Stripe's.") }
    }
}
