import HTTPTypes
import Records
import Secrets

/// What a person sees of an OpenAPI document: `/docs`, and what each problem means. Nothing is loaded from elsewhere.
struct DocumentationPages: Sendable {
    private let document: String

    /// - Parameter document: the address of the OpenAPI document.
    init(of document: String) {
        self.document = document
    }

    /// - Parameter path: where the pages are; the problems are below it.
    func endpoints(at path: String) -> [Endpoint] {
        let reference = Self.page("API reference", Self.shell(document), script: DocumentationScript.text)
        let problems = Self.page("Problems", Self.problems)
        return [
            .anyone(.get, path, Self.operation(path, "The API for people")) { _ in reference },
            .anyone(.get, path + "/problems", Self.operation(path + "/problems", "What each problem means")) { _ in problems },
        ]
    }

    private static func operation(_ path: String, _ summary: String) -> Operation {
        Operation(
            "docs\(path)", summary, tag: "Description",
            responses: [200: ResponseDescription("A page.", schema: ["type": "string"], contentType: "text/html; charset=utf-8")])
    }

    private static func shell(_ document: String) -> String {
        """
        <form id="who"><label for="token">Token</label> <input id="token" type="password" autocomplete="off" \
        placeholder="only if you are not signed in here"> <button>Show</button></form>
        <p id="state" role="status">Loading…</p><main id="reference" data-document="\(document)"></main>
        """
    }

    /// Every code with its status and meaning; `type` in a problem document points here.
    private static let problems: String = {
        let rows = Problem.Code.allCases.map { code in
            "<tr id=\"\(code.rawValue)\"><td><code>\(code.rawValue)</code></td><td>\(code.status)</td><td>\(code.title)</td></tr>"
        }
        return """
            <p>Every refusal is an <code>application/problem+json</code> document (RFC 9457). Its <code>code</code> is for programs and never changes \
            its meaning, <code>detail</code> is for people, <code>errors</code> says which part of the request is wrong, and \
            <code>request_id</code> helps to find it in the logs.</p>
            <table><thead><tr><th>code</th><th>status</th><th>meaning</th></tr></thead><tbody>\(rows.joined())</tbody></table>
            """
    }()

    /// A whole page. Its policy names the hashes of the style and the script, so a browser runs nothing else.
    private static func page(_ title: String, _ content: String, script: String = "") -> Reply {
        let style = DocumentationStyle.text
        var reply = Reply.text(
            """
            <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title) · Tenantry</title><style>\(style)</style></head><body><h1>\(title)</h1>
            \(content)\(script.isEmpty ? "" : "<script>\(script)</script>")</body></html>
            """, contentType: "text/html; charset=utf-8")
        let scripts = script.isEmpty ? "'none'" : "'sha256-\(hash(script))'"
        reply.headers[.contentSecurityPolicy] =
            "default-src 'none'; style-src 'sha256-\(hash(style))'; script-src \(scripts); connect-src 'self'; form-action 'none'; "
            + "base-uri 'none'; frame-ancestors 'none'"
        return reply
    }

    private static func hash(_ text: String) -> String {
        // 32 bytes leave one `=` of padding, which browsers expect.
        Base64.standard.encode(Digest.sha256(text)) + "="
    }
}
