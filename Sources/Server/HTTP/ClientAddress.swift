import Tenancy

/// Finds out whose computer asks.
struct ClientAddress: Sendable {
    let trustedProxies: [AddressRange]

    /// The peer itself, unless it is a trusted proxy: then the last address in `X-Forwarded-For` that no trusted proxy added.
    func of(peer: String, forwardedFor: String?) -> String {
        guard let forwardedFor, isTrusted(peer) else { return peer }
        var address = peer
        for hop in forwardedFor.split(separator: ",").reversed() {
            let text = String(hop.trimmedOfSpaces)
            guard AddressRange(text) != nil else { return address }
            address = text
            if !isTrusted(text) { return address }
        }
        return address
    }

    private func isTrusted(_ address: String) -> Bool {
        trustedProxies.contains { $0.contains(address) }
    }
}
