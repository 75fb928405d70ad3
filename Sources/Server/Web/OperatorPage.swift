import HTTPTypes
import Records
import Web

/// The operators' desk in a browser: one empty page for all of its addresses, which scripts fill over `/operator/v1`. It holds nothing of
/// anyone, so anyone may load it; the token that is typed there never stands in an address.
struct OperatorPage: Sendable {
    private let assets: Assets

    init(_ assets: Assets) {
        self.assets = assets
    }

    /// Named one by one: below `/operator/v1` nothing is a page.
    private static let paths =
        ["/operator"]
        + ["tenants", "plans", "jobs", "migrations", "cells", "audit", "health", "people"].map { "/operator/\($0)" }
        + ["/operator/tenants/{slug}", "/operator/plans/{name}", "/operator/jobs/{id}"]

    var endpoints: [Endpoint] {
        Self.paths.map { .anyone(.get, $0, PageRoutes.operation("operator\($0)"), show) }
    }

    /// On a listener that serves nobody else, the way from its bare address.
    var entrance: Endpoint { .anyone(.get, "/", PageRoutes.operation("operator.entrance")) { _ in .seeOther("/operator") } }

    private func show(_ call: Call) async throws -> Reply {
        let files = try await assets.version()
        let words = files.wording.words(in: Wording.language([], acceptLanguage: call.headers[.acceptLanguage]))
        let title = words("operator.title")
        let state: JSON = ["assets": .string("/assets/\(files.hash)"), "language": .string(words.language)]
        return PageFrame.document(
            title: "\(title) · Tenantry", files, words, script: "operator.js", styles: ["charts.css", "operator.css"],
            body: """
                <div id="desk"><main class="outside"><div class="card door">
                <p class="wordmark">\(PageFrame.mark)<span>Tenantry</span></p>
                <h1>\(title)</h1>
                <p class="note needs-script">\(words("operator.needs_script"))</p>
                </div></main></div>
                <script type="application/json" id="state">\(HTML.data(state.text))</script>
                """)
    }
}
