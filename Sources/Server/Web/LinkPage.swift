import CRM
import HTTPTypes
import Mail
import Records
import Secrets

/// A page of a few words and at most one form, without scripts. Its address holds a secret, so it is neither kept nor told to anyone.
enum LinkPage {
    enum Content: Sendable {
        /// Our own HTML.
        case markup(String)
        /// Text, whatever it holds.
        case paragraph(String)
    }

    /// - Parameter tenant: whose page it is, once that is known; otherwise it is the installation's.
    static func reply(_ title: String, _ content: Content, of tenant: TenantBrand? = nil) -> Reply {
        let words: String =
            switch content {
            case .markup(let html): html
            case .paragraph(let text): "<p role=\"status\">\(escaped(text))</p>"
            }
        let brand = tenant?.brand ?? Brand(name: "Tenantry")
        let name = escaped(brand.name)
        let head = (tenant?.logo).map { "<img src=\"\($0.dataAddress)\" alt=\"\(name)\" height=\"40\">" } ?? "<strong>\(name)</strong>"
        let style = Self.style + "strong{color:\(brand.colour.link)}button{background:\(brand.colour.text);color:\(brand.colour.contrast)}"
        var reply = Reply.text(
            """
            <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title) · \(name)</title><style>\(style)</style></head><body><main><header>\(head)</header><h1>\(title)</h1>\(words)</main></body></html>
            """, contentType: "text/html; charset=utf-8")
        // 32 bytes leave one `=` of padding, which browsers expect.
        let hash = Base64.standard.encode(Digest.sha256(style)) + "="
        reply.headers[.contentSecurityPolicy] =
            "default-src 'none'; img-src data:; style-src 'sha256-\(hash)'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        return reply
    }

    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
    }

    private static let style =
        "body{margin:0;background:#f3f4f6;color:#1c2128;font:16px/1.5 system-ui,sans-serif}main{max-width:26rem;margin:10vh auto;padding:2rem;"
        + "background:#fff;border-radius:8px}header{margin-bottom:1.5rem}strong{font-size:1.1rem}h1{font-size:1.4rem;margin-top:0}input{width:100%;box-sizing:border-box;padding:.5rem;"
        + "font:inherit}button{padding:.6rem 1rem;border:0;border-radius:6px;font:inherit}"
        + "[role=alert]{color:#b42318}"
}

extension InlineImage {
    /// The picture as an address of its own (RFC 2397): a page that shows it asks nobody for it. Browsers need no padding (WHATWG Infra, forgiving-base64).
    fileprivate var dataAddress: String { "data:image/\(kind.rawValue);base64,\(Base64.standard.encode(bytes))" }
}

/// The fields of an HTML form as browsers send them (`application/x-www-form-urlencoded`).
enum FormFields {
    /// Refuses with `.malformed` what is not of that form; of a name that stands twice the first counts.
    static func read(_ bytes: [UInt8]) throws(Problem) -> [String: String] {
        var fields: [String: String] = [:]
        for part in String(decoding: bytes, as: UTF8.self).split(separator: "&") {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(halves[0], plusIsSpace: true),
                let value = PercentEncoding.decode(halves.count > 1 ? halves[1] : "", plusIsSpace: true)
            else { throw Problem(.malformed, "The body is not what an HTML form sends.") }
            if fields[name] == nil { fields[name] = value }
        }
        return fields
    }
}
