import Tenancy

/// What a request says about its tenant beside its credential: the host it came to, and `X-Tenant`.
struct TenantHint: Sendable {
    private let words: [String]

    init(_ call: Call, baseDomain: String?) {
        words = [call.headers[.tenant], baseDomain.flatMap { Self.name(inHost: call.host, under: $0) }].compactMap { $0 }
    }

    /// Whether nothing was said that contradicts the credential.
    func agrees(with slug: String) -> Bool {
        words.allSatisfy { $0 == slug }
    }

    /// `acme` in `acme.crm.example.com:8080`. The base domain itself, another host and names no tenant can have (`www`, `api`) say nothing.
    static func name(inHost host: String?, under baseDomain: String) -> String? {
        guard let host else { return nil }
        let domain = "." + baseDomain.lowercased()
        let name = host.prefix { $0 != ":" }.lowercased()
        guard name.hasSuffix(domain) else { return nil }
        let label = String(name.dropLast(domain.count))
        return Slug.isValid(label) ? label : nil
    }
}
