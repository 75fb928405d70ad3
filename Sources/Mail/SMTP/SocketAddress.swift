import Foundation

/// The address of a socket as text: `192.0.2.7`, `2001:db8::1`.
enum SocketAddress {
    /// Nil for what is no internet address.
    static func text(of address: UnsafePointer<sockaddr>, length: UInt32) -> String? {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard getnameinfo(address, length, &text, UInt32(text.count), nil, 0, NI_NUMERICHOST) == 0 else { return nil }
        let name = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // A link-local address carries its interface: fe80::1%eth0.
        return String(name.prefix { $0 != "%" })
    }
}
