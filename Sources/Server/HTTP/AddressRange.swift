import NIOCore

/// One IP address or a network of them: `192.168.1.7`, `10.0.0.0/8`, `2001:db8::/32`.
package struct AddressRange: Sendable, Hashable {
    private let bytes: [UInt8]
    private let length: Int

    /// Nil for text that is no address, or a prefix longer than the address.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let bytes = Self.bytes(of: first) else { return nil }
        self.bytes = bytes
        guard parts.count == 2 else {
            length = bytes.count * 8
            return
        }
        guard parts[1].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let length = Int(parts[1]),
            length <= bytes.count * 8
        else { return nil }
        self.length = length
    }

    package func contains(_ address: String) -> Bool {
        guard let other = Self.bytes(of: address), other.count == bytes.count else { return false }
        let whole = length / 8
        guard other.prefix(whole) == bytes.prefix(whole) else { return false }
        guard length % 8 > 0 else { return true }
        let mask = UInt8.max << UInt8(8 - length % 8)
        return other[whole] & mask == bytes[whole] & mask
    }

    /// Four or sixteen bytes; an IPv4 address inside IPv6 (`::ffff:10.0.0.1`) is the IPv4 address it stands for.
    private static func bytes(of text: some StringProtocol) -> [UInt8]? {
        guard let address = try? SocketAddress(ipAddress: String(text), port: 0) else { return nil }  // the error says no more than nil
        switch address {
        case .v4(let v4): return withUnsafeBytes(of: v4.address.sin_addr) { Array($0) }
        case .v6(let v6):
            let bytes = withUnsafeBytes(of: v6.address.sin6_addr) { Array($0) }
            return bytes.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) ? Array(bytes.suffix(4)) : bytes
        case .unixDomainSocket: return nil
        }
    }

    /// The part of the internet that one person commands: an IPv4 address, or the /64 that a provider gives to one home.
    static func neighbourhood(of address: String) -> String {
        guard let bytes = bytes(of: address), bytes.count == 16 else { return address }
        return bytes.prefix(8).map { byte in String(byte, radix: 16) }.joined(separator: ":") + "/64"
    }
}

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
