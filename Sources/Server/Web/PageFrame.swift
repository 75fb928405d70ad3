import CRM
import Foundation
import HTTPTypes
import Mail
import Records
import Secrets
import Web

/// A whole HTML document: what stands around every page.
enum PageFrame {
    /// Nothing but our own files, nothing written into the page itself, and nobody may frame it.
    static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; "
        + "manifest-src 'self'; worker-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

    /// A page for someone who is not signed in: one card in the middle.
    static func outside(
        _ title: String, _ content: HTML, _ files: Assets.Version, _ words: Words, of firm: TenantBrand? = nil
    ) -> Reply {
        let name = firm?.brand.name ?? "Tenantry"
        let picture = firm.flatMap { Picture($0) }
        let sign: HTML =
            picture.map { "<img src=\"\($0.address)\" alt=\"\(name)\" height=\"40\">" } ?? "\(mark)<span>\(name)</span>"
        var reply = document(
            title: "\(title) · \(name)", files, words, colour: firm?.brand.colour.digits,
            body: """
                <main class="outside"><div class="card door">
                <p class="wordmark">\(sign)</p>
                <h1>\(title)</h1>
                \(content)
                </div></main>
                """)
        if let origin = picture?.origin {
            reply.headers[.contentSecurityPolicy] = policy.replacing("img-src 'self'", with: "img-src 'self' \(origin)")
        }
        return reply
    }

    /// A firm's logo, as a page of strangers shows it.
    private struct Picture {
        let address: String
        /// Where it is fetched from, for the page's policy; nil when it stands in the page.
        let origin: String?

        /// Nil for a firm without one, or with one on the web whose host cannot stand in a policy.
        init?(_ firm: TenantBrand) {
            if let logo = firm.logo {
                (address, origin) = (logo.dataAddress, nil)
                return
            }
            guard case .onTheWeb(let address) = firm.brand.logo, let url = URL(string: address), let scheme = url.scheme,
                let host = url.host(), !host.isEmpty, host.utf8.allSatisfy({ Self.inHosts.contains($0) })
            else { return nil }
            self.address = address
            origin = "\(scheme)://\(host)" + (url.port.map { ":\($0)" } ?? "")
        }

        private static let inHosts = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-".utf8)
    }

    /// A page of the application, whose parts work without scripts; `state` is what the scripts begin with, `script` the one that takes
    /// the page over.
    static func inside(
        _ title: String, _ content: HTML, _ visit: Visit, section: String, script: String? = nil, state: JSON = .null
    ) -> Reply {
        let words = visit.words
        let banner = visit.person.tenant.banner(on: visit.person.policy.today(), in: visit.person.policy.timeZone)
        return document(
            title: "\(title) · \(visit.brand.name)", visit.files, words, colour: visit.brand.colour.digits, script: "app.js",
            early: script.map { visit.files.scripts(["app.js", $0]) } ?? [],
            body: """
                <a class="skip" href="#main">\(words("frame.skip"))</a>
                <div class="frame">
                <header class="top">
                <button type="button" class="icon-button menu-button" popovertarget="nav" aria-label="\(words("frame.menu"))">\(icon("menu", visit.files))</button>
                <a class="brand" href="/">\(mark)<span>\(visit.brand.name)</span></a>
                <form role="search" action="/search" class="finder"><input type="search" name="q" aria-label="\(words("frame.search"))" \
                placeholder="\(words("frame.search"))" autocomplete="off" required></form>
                <span class="top-end"><span id="connection" role="status"></span>
                <details class="me"><summary><span class="avatar" aria-hidden="true">\(initials(visit.user.name))</span>\
                <span class="me-name">\(visit.user.name)</span></summary>
                <div class="menu"><a href="/settings/profile">\(words("frame.profile"))</a>
                <form method="post" action="/sign-out"><input type="hidden" name="csrf" value="\(visit.proof)">\
                <button class="menu-item">\(words("frame.sign_out"))</button></form></div></details></span>
                </header>
                <nav id="nav" popover class="side" aria-label="\(words("frame.navigation"))">\(navigation(visit, section))</nav>
                <main id="main" tabindex="-1">\(banner.map { "<p class=\"banner\" role=\"note\">\($0)</p>" as HTML })\(content)</main>
                </div>
                <script type="application/json" id="state">\(HTML.data(self.state(visit, state).text))</script>
                """)
    }

    /// What every document has, with the script that takes it over, if one does, those to load beside it (`early`) and further style
    /// sheets.
    static func document(
        title: String, _ files: Assets.Version, _ words: Words, colour: String? = nil, script: String? = nil, early: [String] = [],
        styles: [String] = [], body: HTML
    ) -> Reply {
        let brand: HTML? = colour.map { "<link rel=\"stylesheet\" href=\"/brand/\($0).css\">" }
        let more = styles.map { "<link rel=\"stylesheet\" href=\"\(files.address($0))\">" as HTML }
        let module = script.map { "<script type=\"module\" src=\"\(files.address($0))\"></script>" as HTML }
        let ahead = early.map { "<link rel=\"modulepreload\" href=\"\(files.address($0))\">" as HTML }
        // The words are the scripts' first question; asked beforehand, but not where there are no scripts.
        let texts: HTML? = early.isEmpty ? nil : " data-words=\"\(files.address("texts/\(words.language).json"))\""
        let page: HTML = """
            <!doctype html>
            <html lang="\(words.language)"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content">
            <title>\(title)</title>
            <meta name="color-scheme" content="light dark">
            <link rel="icon" href="\(files.address("icon.svg"))" type="image/svg+xml">
            <link rel="apple-touch-icon" href="\(files.address("icon-192.png"))">
            <link rel="manifest" href="/manifest.webmanifest">
            <link rel="stylesheet" href="\(files.address("app.css"))">\(more)\(brand)
            <script src="\(files.address("theme.js"))"\(texts)></script>\(module)\(ahead)
            </head><body>
            \(body)
            </body></html>
            """
        var reply = Reply.text(page.text, contentType: "text/html; charset=utf-8")
        reply.headers[.contentSecurityPolicy] = policy
        // Our own addresses are no secret to ourselves, and a form without a referrer would say that it comes from nowhere.
        reply.headers[.referrerPolicy] = "same-origin"
        return reply
    }

    private static func navigation(_ visit: Visit, _ section: String) -> [HTML] {
        let words = visit.words
        func item(_ name: String, _ address: String, _ title: String, _ symbol: String) -> HTML {
            "<li><a href=\"\(address)\"\("aria-current=\"page\"", when: name == section)>\(icon(symbol, visit.files))<span>\(title)</span></a></li>"
        }
        let records = visit.types.filter { $0.name != "reminders" && $0.name != "templates" }.map { type in
            item(type.name, "/\(type.name)", visit.plural(type), type.isOfTenant ? "object" : type.name)
        }
        let rest = [
            item("calendar", "/calendar", words("page.calendar"), "calendar"),
            item("reports", "/reports", words("page.reports"), "reports"),
        ]
        let end = [
            item("import", "/import", words("page.import"), "import"), item("settings", "/settings", words("page.settings"), "settings"),
        ]
        return ["<ul>"] + [item("today", "/", words("page.today"), "today")] + records + rest + ["</ul><ul>"] + end + ["</ul>"]
    }

    /// What the scripts know from the first moment, without asking.
    private static func state(_ visit: Visit, _ page: JSON) -> JSON {
        let person = visit.person
        return [
            "assets": .string("/assets/\(visit.files.hash)"), "language": .string(visit.words.language), "locale": .string(visit.locale),
            "time_zone": .string(visit.timeZone), "csrf": .string(visit.proof),
            "tenant": [
                "slug": .string(person.tenant.slug), "name": .string(visit.brand.name), "state": .string(person.tenant.state.rawValue),
                "plan": .string(person.tenant.plan.name), "features": EntitlementRoutes.features(of: person.scope.entitlements),
            ],
            "user": visit.user.document, "admin": person.rights.adminDocument,
            "settings": .object(
                (visit.settings.members ?? []).filter {
                    ["locale", "time_zone", "currency", "week_start", "fiscal_year_start", "brand", "business_hours", "holidays"].contains(
                        $0.name)
                }),
            "types": .array(TypeDocument.all(for: person)), "page": page,
        ]
    }

    private static func initials(_ name: String) -> String {
        name.split(separator: " ").compactMap(\.first).prefix(2).map { String($0).uppercased() }.joined()
    }

    /// A drawing from `icons.svg`; says nothing to those who listen.
    static func icon(_ name: String, _ files: Assets.Version) -> HTML {
        "<svg class=\"icon\" aria-hidden=\"true\"><use href=\"\(files.address("icons.svg"))#i-\(name)\"></use></svg>"
    }

    static let mark: HTML = "<span class=\"mark\" aria-hidden=\"true\"></span>"
}

/// What a person sees when a page is refused.
struct ProblemPage: Sendable {
    private let assets: Assets

    init(_ assets: Assets) {
        self.assets = assets
    }

    func reply(_ problem: Problem, _ acceptLanguage: String?) async -> Reply {
        let language = Wording.language([], acceptLanguage: acceptLanguage)
        // Where the files of a developer's folder cannot be read, the message alone must do.
        guard let files = try? await assets.version() else {
            return .problem(problem, instance: "", requestID: "")
        }
        let words = files.wording.words(in: language)
        let title = words.first(of: ["problem.\(problem.code.rawValue)"], otherwise: problem.code.title)
        let content: HTML = """
            <p role="alert">\(words.refusal(problem))</p><p><a class="button" href="/">\(words("frame.back_to_start"))</a></p>
            """
        var reply = PageFrame.outside(title, content, files, words)
        reply.status = .init(code: problem.code.status)
        if let seconds = problem.retryAfter { reply.headers[.retryAfter] = String(seconds) }
        return reply
    }
}

extension InlineImage {
    /// The picture as an address of its own (RFC 2397): a page that shows it asks nobody for it. Browsers need no padding (WHATWG Infra,
    /// forgiving-base64).
    fileprivate var dataAddress: String { "data:image/\(kind.rawValue);base64,\(Base64.standard.encode(bytes))" }
}

extension BrandColour {
    /// As the address of its style sheet has it: six hexadecimal digits. Nil for the standard colour, which needs none.
    fileprivate var digits: String? { self == .standard ? nil : String(text.dropFirst()) }
}
