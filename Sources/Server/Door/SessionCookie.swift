import HTTPTypes

/// The cookie in which a browser keeps its session out of the page's reach.
struct SessionCookie: Sendable {
    let isSecure: Bool

    /// With TLS the prefix makes browsers refuse the cookie unless it came through TLS and from this very host (RFC 6265bis, 4.1.3.2).
    var name: String { isSecure ? "__Host-tenantry_session" : "tenantry_session" }

    func value(in headers: HTTPFields) -> String? {
        for field in headers[values: .cookie] {
            for pair in field.split(separator: ";") {
                let pair = pair.trimmedOfSpaces
                if pair.hasPrefix(name + "=") { return String(pair.dropFirst(name.count + 1)) }
            }
        }
        return nil
    }

    func setting(_ token: String, for length: Duration) -> String {
        "\(name)=\(token); Path=/; Max-Age=\(length.components.seconds); HttpOnly; SameSite=Lax" + (isSecure ? "; Secure" : "")
    }

    var removal: String {
        "\(name)=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax" + (isSecure ? "; Secure" : "")
    }
}
