import CRM
import HTTPTypes
import Records
import Tenancy

/// The way in for people: company, e-mail and password; a forgotten password; a new firm where that is allowed.
struct SignInPage: Sendable {
    private let house: House
    private let cookie: SessionCookie
    private let links: LinkRoutes
    private let signUp: SignUpRoutes?

    init(_ house: House) {
        self.house = house
        cookie = house.door.cookie
        links = LinkRoutes(house)
        signUp = SignUpRoutes(house)
    }

    /// `company` is what the host says, or what was typed.
    func show(
        _ call: Call, company: String? = nil, email: String? = nil, next: String? = nil, refusal: Problem? = nil
    ) async throws -> Reply {
        let files = try await house.assets.version()
        let words = words(call, files)
        let hosted = house.settings.baseDomain.flatMap { TenantHint.name(inHost: call.host, under: $0) }
        let brand = try await hosted.mapAsync { try await self.brand(of: $0) } ?? nil
        let signUp: HTML? =
            house.settings.signUp == nil
            ? nil : "<p class=\"aside\">\(words("signin.new_here")) <a href=\"/sign-up\">\(words("signin.sign_up"))</a></p>"
        let content: HTML = """
            \(Self.complaint(refusal, words))<form method="post" action="/" class="stack" id="sign-in">
            <input type="hidden" name="next" value="\(Self.safe(next ?? call.query["next"]) ?? "/")">
            \(Self.field("tenant", words("signin.company"), "text", "organization", value: company ?? hosted ?? "", hint: words("signin.company_hint")))
            \(Self.field("email", words("signin.email"), "email", "username", value: email ?? ""))
            \(Self.field("password", words("signin.password"), "password", "current-password"))
            <button class="button primary wide">\(words("signin.submit"))</button>
            </form>
            <p class="aside"><a href="/forgotten">\(words("signin.forgotten"))</a></p>\(signUp)
            """
        var reply = PageFrame.outside(words("signin.title"), content, files, words, of: brand)
        if let refusal { reply.status = .init(code: refusal.code.status) }
        return reply
    }

    /// A form of ours only: another page that made a browser sign in as its own author would learn what is typed afterwards.
    func enter(_ call: Call) async throws -> Reply {
        try Self.refuseForeign(call)
        let fields = try FormFields.read(try await call.bytes())
        let (company, email) = (Self.trimmed(fields["tenant"]), Self.trimmed(fields["email"]))
        do {
            guard let password = fields["password"], !company.isEmpty, !email.isEmpty,
                password.unicodeScalars.count <= house.passwords.maximum,
                TenantHint(call, baseDomain: house.settings.baseDomain).agrees(with: company)
            else { throw Door.unauthenticated }
            let session = try await house.signIn.signIn(
                slug: company, email: email, password: password, address: call.address, userAgent: call.headers[.userAgent])
            var reply = Reply.seeOther(Self.safe(fields["next"]) ?? "/")
            reply.headers[.setCookie] = cookie.setting(session.credential.text, for: session.length)
            return reply
        } catch let problem as Problem where problem.code.status < 500 {
            return try await show(call, company: company, email: email, next: fields["next"], refusal: problem)
        }
    }

    func leave(_ call: Call, _ person: Person) async throws -> Reply {
        try await SessionRoutes.end(person)
        var reply = Reply.seeOther("/")
        reply.headers[.setCookie] = cookie.removal
        // What the browser keeps of the firm leaves with its reader.
        reply.headers[.clearSiteData] = "\"cache\""
        return reply
    }

    func askForPassword(_ call: Call) async throws -> Reply {
        let files = try await house.assets.version()
        let words = words(call, files)
        let content: HTML = """
            <p>\(words("forgotten.words"))</p><form method="post" class="stack">
            \(Self.field("tenant", words("signin.company"), "text", "organization"))
            \(Self.field("email", words("signin.email"), "email", "username"))
            <button class="button primary wide">\(words("forgotten.submit"))</button>
            </form><p class="aside"><a href="/">\(words("frame.back_to_sign_in"))</a></p>
            """
        return PageFrame.outside(words("forgotten.title"), content, files, words)
    }

    func sendPassword(_ call: Call) async throws -> Reply {
        try Self.refuseForeign(call)
        let fields = try FormFields.read(try await call.bytes())
        let files = try await house.assets.version()
        let words = words(call, files)
        try await links.sendReset(slug: Self.trimmed(fields["tenant"]), email: Self.trimmed(fields["email"]), call)
        let content: HTML =
            "<p role=\"status\">\(words("forgotten.sent"))</p><p class=\"aside\"><a href=\"/\">\(words("frame.back_to_sign_in"))</a></p>"
        return PageFrame.outside(words("forgotten.title"), content, files, words)
    }

    func askForAccount(_ call: Call) async throws -> Reply { try await account(call, [:]) }

    func orderAccount(_ call: Call) async throws -> Reply {
        try Self.refuseForeign(call)
        guard let signUp else { throw Problem.notFound }
        let fields = try FormFields.read(try await call.bytes())
        let files = try await house.assets.version()
        let words = words(call, files)
        do {
            let members = ["slug", "name", "email", "password"].map { JSON.Member($0, .string(fields[$0] ?? "")) }
            try await signUp.order(.object(members + [.init("language", .string(words.language))]), call)
            return PageFrame.outside(words("signup.title"), "<p role=\"status\">\(words("signup.sent"))</p>", files, words)
        } catch let problem as Problem where problem.code.status < 500 {
            return try await account(call, fields, refusal: problem)
        }
    }

    private func account(_ call: Call, _ given: [String: String], refusal: Problem? = nil) async throws -> Reply {
        let files = try await house.assets.version()
        let words = words(call, files)
        let complaints = (refusal?.errors ?? []).map { "<li>\(words.refusal($0))</li>" as HTML }
        let alert: HTML? = refusal.map { problem in
            complaints.isEmpty
                ? "<p role=\"alert\" class=\"alert\">\(words.refusal(problem))</p>"
                : "<ul role=\"alert\" class=\"alert\">\(complaints)</ul>"
        }
        let content: HTML = """
            <p>\(words("signup.words"))</p>\(alert)<form method="post" class="stack">
            \(Self.field("name", words("signup.name"), "text", "organization", value: given["name"] ?? ""))
            \(Self.field("slug", words("signin.company"), "text", "off", value: given["slug"] ?? "", hint: words("signup.slug_hint")))
            \(Self.field("email", words("signin.email"), "email", "username", value: given["email"] ?? ""))
            \(Self.field("password", words("signin.password"), "password", "new-password", minimum: 12))
            <button class="button primary wide">\(words("signup.submit"))</button>
            </form><p class="aside"><a href="/">\(words("frame.back_to_sign_in"))</a></p>
            """
        var reply = PageFrame.outside(words("signup.title"), content, files, words)
        if let refusal { reply.status = .init(code: refusal.code.status) }
        return reply
    }

    private func words(_ call: Call, _ files: Assets.Version) -> Words {
        files.wording.words(in: Wording.language([], acceptLanguage: call.headers[.acceptLanguage]))
    }

    /// What a firm shows to everyone who knows its address; nothing for a name that is no firm's.
    private func brand(of slug: String) async throws -> TenantBrand? {
        guard let tenant = try await house.installation.directory.tenant(slug: slug), tenant.state.allowsSignIn else { return nil }
        let brand = try await TenantBrand.of(try house.installation.directory.scope(for: tenant))
        return brand.isPublic ? brand : nil
    }

    static func field(
        _ name: String, _ label: String, _ type: String, _ completes: String, value: String = "", hint: String? = nil, minimum: Int? = nil
    ) -> HTML {
        let note: HTML? = hint.map { "<span class=\"hint\" id=\"\(name)-hint\">\($0)</span>" }
        let described: HTML? = hint.map { _ in " aria-describedby=\"\(name)-hint\"" }
        let length: HTML? = minimum.map { " minlength=\"\($0)\"" }
        return """
            <div class="field"><label for="\(name)">\(label)</label><input id="\(name)" name="\(name)" type="\(type)" \
            autocomplete="\(completes)" autocapitalize="none" spellcheck="false" value="\(value)" maxlength="1000"\(length)\(described) required>\(note)</div>
            """
    }

    static func complaint(_ problem: Problem?, _ words: Words) -> HTML? {
        problem.map { problem in
            let text = problem.code == .unauthenticated ? words("signin.refused") : words.refusal(problem)
            return "<p role=\"alert\" class=\"alert\">\(text)</p>"
        }
    }

    /// An address of ours to go on to; nil for any other.
    static func safe(_ next: String?) -> String? {
        guard let next, next.hasPrefix("/"), !next.hasPrefix("//"), !next.contains("\\"),
            !next.unicodeScalars.contains(where: { $0.value < 0x20 })
        else { return nil }
        return next
    }

    private static func trimmed(_ text: String?) -> String { String((text ?? "").trimmedOfSpaces) }

    /// Refuses with `.forbidden` a form that stood on another site's page. Browsers tell it by `Sec-Fetch-Site` (Fetch Metadata), older ones by
    /// the `Origin` of a POST; what tells neither is no browser, and has no cookie that another page could use.
    static func refuseForeign(_ call: Call) throws(Problem) {
        let isOurs: Bool
        if let site = call.headers[.fetchSite] {
            isOurs = site == "same-origin" || site == "none"
        } else if let origin = call.headers[.origin], let host = call.host {
            isOurs = origin.lowercased().hasSuffix("//" + host.lowercased())
        } else {
            isOurs = true
        }
        guard isOurs else { throw Problem(.forbidden, "This form was sent by another site's page.") }
    }
}

extension Optional {
    /// `map` with work that waits.
    func mapAsync<Result>(_ transform: (Wrapped) async throws -> Result) async rethrows -> Result? {
        guard let self else { return nil }
        return try await transform(self)
    }
}
