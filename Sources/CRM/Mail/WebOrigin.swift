import Synchronization

/// Where people reach the server: what the links in mails begin with. It never comes from a request: whoever sent that could choose whom the
/// reader of the mail is led to.
package final class WebOrigin: Sendable {
    private let publicURL: String?
    private let baseDomain: String?
    private let scheme: String
    private let host: String
    private let port: Mutex<Int>

    /// - Parameters:
    ///   - publicURL: what the operator says it is; without it the tenant's host under `baseDomain`, or else where this process listens.
    package init(publicURL: String? = nil, baseDomain: String? = nil, isSecure: Bool = false, host: String = "127.0.0.1", port: Int = 8080)
    {
        self.publicURL = publicURL.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
        self.baseDomain = baseDomain
        scheme = isSecure ? "https" : "http"
        self.host = host == "0.0.0.0" ? "127.0.0.1" : host == "::" ? "::1" : host
        self.port = Mutex(port)
    }

    /// The port that a process was given which had asked for any.
    package func listens(at port: Int) { self.port.withLock { $0 = port } }

    /// Without a slash at the end.
    package func of(_ slug: String) -> String { publicURL ?? baseDomain.map { "\(scheme)://\(slug).\($0)" } ?? here }

    /// For those who have no tenant yet.
    package var common: String { publicURL ?? baseDomain.map { "\(scheme)://\($0)" } ?? here }

    private var here: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return "\(scheme)://\(name):\(port.withLock { $0 })"
    }
}
