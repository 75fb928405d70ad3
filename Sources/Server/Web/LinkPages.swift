import CRM
import HTTPTypes
import Records
import Secrets
import Tenancy

/// The pages that links in mails lead to. Reading one changes nothing, since programs follow links too; only its button does.
struct LinkPages: Sendable {
    private let links: LinkOpening
    private let directory: Directory
    private let installation: Installation
    private let signUp: SignUpRoutes?
    private let assets: Assets

    init(_ house: House) {
        links = LinkOpening(house)
        directory = house.installation.directory
        installation = house.installation
        signUp = SignUpRoutes(house)
        assets = house.assets
    }

    var endpoints: [Endpoint] {
        let pages = [
            page(.invitation, of: { try await links.account(of: $0, .invitation) }) { call, token, fields in
                try await links.accept(token, fields["password"] ?? "", from: call.address)
            },
            page(.password, of: { try await links.account(of: $0, .passwordReset) }) { call, token, fields in
                try await links.reset(token, fields["password"] ?? "", from: call.address)
            },
            page(.email, of: { try await links.account(of: $0, .emailConfirmation) }) { call, token, _ in
                try await links.confirmEmail(token, requestID: call.requestID)
            },
        ]
        let opening = signUp.map { signUp in
            page(.account, of: { _ in nil }) { call, token, _ in
                guard let opened = try await signUp.open(token, call) else { throw LinkOpening.dead }
                return opened
            }
        }
        return (pages + (opening.map { [$0] } ?? [])).flatMap(\.self) + [
            .anyone(.get, "/u/{token}", Self.operation("u.get", "The page of an unsubscribe link"), showUnsubscribing),
            .anyone(.post, "/u/{token}", Self.operation("u.post", "Unsubscribe with one click (RFC 8058)"), unsubscribe),
        ]
    }

    /// What is asked on a page; its words stand in the catalogue under `link.<name>`.
    private struct Question: Sendable {
        /// In the address, and in the catalogue.
        let path: String
        let name: String
        let wantsPassword: Bool

        static let invitation = Question(path: "invitation", name: "invitation", wantsPassword: true)
        static let password = Question(path: "password", name: "password", wantsPassword: true)
        static let email = Question(path: "email", name: "email", wantsPassword: false)
        static let account = Question(path: "signup", name: "account", wantsPassword: false)
    }

    private func page(
        _ question: Question, of account: @escaping @Sendable (String) async throws -> TenantScope?,
        _ work: @escaping @Sendable (Call, String, [String: String]) async throws -> LinkOpening.Opened
    ) -> [Endpoint] {
        let path = "/\(question.path)/{token}"
        @Sendable func page(_ call: Call) async throws -> LinkPage {
            let firm = try await account(call.parameters["token"]).mapAsync { try await TenantBrand.of($0) }
            return try await LinkPage(call, assets, of: firm)
        }
        return [
            .anyone(.get, path, Self.operation("\(question.path).page", "The page of a link")) { call in
                Self.asking(question, try await page(call))
            },
            .anyone(.post, path, Self.operation("\(question.path).answer", "The answer on the page of a link")) { call in
                let fields = try FormFields.read(try await call.bytes())
                // Afterwards the link is nobody's.
                let page = try await page(call)
                do {
                    let opened = try await work(call, call.parameters["token"], fields)
                    let text = page.words("link.\(question.name).done", ["email": opened.email, "company": opened.slug])
                    return page.done(page.words("link.\(question.name)"), text)
                } catch let problem as Problem where problem.code.status < 500 {
                    return Self.asking(question, page, after: problem)
                }
            },
        ]
    }

    private static func asking(_ question: Question, _ page: LinkPage, after problem: Problem? = nil) -> Reply {
        let words = page.words
        let field =
            question.wantsPassword ? SignInPage.field("password", words("signin.password"), "password", "new-password", minimum: 12) : nil
        let complaint: HTML? = problem.map { "<p role=\"alert\" class=\"alert\">\(words.refusal($0))</p>" }
        return page.reply(
            words("link.\(question.name)"),
            """
            <p>\(words("link.\(question.name).words"))</p>\(complaint)<form method="post"><div class="stack">\(field)\
            <button class="button primary wide">\(words("link.\(question.name).button"))</button></div></form>
            """)
    }

    private func showUnsubscribing(_ call: Call) async throws -> Reply {
        let (scope, _) = try await wish(call)
        let page = try await LinkPage(call, assets, of: try await TenantBrand.of(scope))
        return page.reply(
            page.words("link.unsubscribe"),
            """
            <p>\(page.words("link.unsubscribe.words"))</p><form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click">\
            <button class="button primary wide">\(page.words("link.unsubscribe.button"))</button></form>
            """)
    }

    /// The body comes as either form of HTML's (RFC 8058, 3.1); a POST without it is none of a reader's.
    private func unsubscribe(_ call: Call) async throws -> Reply {
        let (scope, reader) = try await wish(call)
        let body = String(decoding: try await call.bytes().prefix(4_096), as: UTF8.self)
        guard body.contains("List-Unsubscribe"), body.contains("One-Click") else {
            throw Problem(.malformed, "The body is List-Unsubscribe=One-Click.")
        }
        try await Unsubscribing.perform(reader, in: scope, requestID: call.requestID)
        let page = try await LinkPage(call, assets, of: try await TenantBrand.of(scope))
        return page.done(page.words("link.unsubscribe"), page.words("link.unsubscribe.done"), goesOn: false)
    }

    private func wish(_ call: Call) async throws -> (TenantScope, Letter.Reader) {
        guard let wish = try await Unsubscribing.of(installation).wish(call.parameters["token"]),
            let tenant = try await directory.tenant(slug: wish.slug), tenant.state.allowsReads
        else { throw Problem.notFound }
        return (try directory.scope(for: tenant), wish.reader)
    }

    private static func operation(_ id: String, _ summary: String) -> Operation {
        Operation(
            id, summary, tag: "Pages", parameters: [Parameter("token", in: .path, .textSchema, "What stands in the mail.")],
            responses: [200: ResponseDescription("A page.", schema: ["type": "string"], contentType: "text/html; charset=utf-8")],
            hidesAddress: true)
    }
}
