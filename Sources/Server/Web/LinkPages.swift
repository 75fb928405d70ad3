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

    init(_ house: House) {
        links = LinkOpening(house)
        directory = house.installation.directory
        installation = house.installation
        signUp = SignUpRoutes(house)
    }

    var endpoints: [Endpoint] {
        let pages = [
            page("invitation", Self.invitation, of: { try await links.account(of: $0, .invitation) }) { call, token, fields in
                let opened = try await links.accept(token, fields["password"] ?? "", from: call.address)
                return "Welcome. Sign in as \(opened.email) with the company \(opened.slug) and the password you have just chosen."
            },
            page("password", Self.password, of: { try await links.account(of: $0, .passwordReset) }) { call, token, fields in
                let opened = try await links.reset(token, fields["password"] ?? "", from: call.address)
                return "Your password is changed. Sign in as \(opened.email) with the company \(opened.slug)."
            },
            page("email", Self.email, of: { try await links.account(of: $0, .emailConfirmation) }) { call, token, _ in
                let opened = try await links.confirmEmail(token, requestID: call.requestID)
                return "Thank you: \(opened.email) is confirmed."
            },
        ]
        let opening = signUp.map { signUp in
            page("signup", Self.account, of: { _ in nil }) { call, token, _ in
                guard let opened = try await signUp.open(token, call) else { throw LinkOpening.dead }
                return "The account is open. Sign in as \(opened.email) with the company \(opened.slug)."
            }
        }
        return (pages + (opening.map { [$0] } ?? [])).flatMap(\.self) + [
            .anyone(.get, "/u/{token}", Self.operation("u.get", "The page of an unsubscribe link"), showUnsubscribing),
            .anyone(.post, "/u/{token}", Self.operation("u.post", "Unsubscribe with one click (RFC 8058)"), unsubscribe),
        ]
    }

    /// What is asked on a page.
    private struct Question: Sendable {
        let title: String
        let words: String
        let wantsPassword: Bool
        let button: String
    }

    private static let invitation = Question(
        title: "Accept the invitation", words: "Choose a password of at least twelve characters, and you are in.", wantsPassword: true,
        button: "Accept")
    private static let password = Question(
        title: "Choose a new password", words: "It has at least twelve characters. You are signed out everywhere else.",
        wantsPassword: true,
        button: "Change the password")
    private static let email = Question(
        title: "Confirm your e-mail address", words: "Is this address yours?", wantsPassword: false, button: "Confirm")
    private static let account = Question(
        title: "Open the account", words: "One click, and your firm's account is there.", wantsPassword: false, button: "Open the account")

    private func page(
        _ name: String, _ question: Question, of account: @escaping @Sendable (String) async throws -> TenantScope?,
        _ work: @escaping @Sendable (Call, String, [String: String]) async throws -> String
    ) -> [Endpoint] {
        let path = "/\(name)/{token}"
        @Sendable func brand(_ token: String) async throws -> TenantBrand? {
            guard let scope = try await account(token) else { return nil }
            return try await TenantBrand.of(scope)
        }
        return [
            .anyone(.get, path, Self.operation("\(name).page", question.title)) { call in
                Self.asking(question, of: try await brand(call.parameters["token"]))
            },
            .anyone(.post, path, Self.operation("\(name).answer", question.title)) { call in
                let fields = try FormFields.read(try await call.bytes())
                let token = call.parameters["token"]
                // Afterwards the link is nobody's.
                let brand = try await brand(token)
                do {
                    return LinkPage.reply(question.title, .paragraph(try await work(call, token, fields)), of: brand)
                } catch let problem as Problem where problem.code.status < 500 {
                    return Self.asking(question, of: brand, after: problem)
                }
            },
        ]
    }

    private static func asking(_ question: Question, of brand: TenantBrand?, after problem: Problem? = nil) -> Reply {
        let field =
            question.wantsPassword
            ? "<p><label for=\"password\">Password</label><br><input id=\"password\" name=\"password\" type=\"password\" minlength=\"12\" "
                + "maxlength=\"1000\" autocomplete=\"new-password\" required></p>" : ""
        let complaint = problem.map { "<p role=\"alert\">\(LinkPage.escaped($0.detail))</p>" } ?? ""
        return LinkPage.reply(
            question.title,
            .markup("<p>\(question.words)</p>\(complaint)<form method=\"post\">\(field)<p><button>\(question.button)</button></p></form>"),
            of: brand)
    }

    private func showUnsubscribing(_ call: Call) async throws -> Reply {
        let (scope, _) = try await wish(call)
        return LinkPage.reply(
            "Unsubscribe",
            .markup(
                "<p>Shall no more of these mails be sent to you?</p><form method=\"post\"><input type=\"hidden\" name=\"List-Unsubscribe\" "
                    + "value=\"One-Click\"><p><button>Unsubscribe</button></p></form>"),
            of: try await TenantBrand.of(scope))
    }

    /// The body comes as either form of HTML's (RFC 8058, 3.1); a POST without it is none of a reader's.
    private func unsubscribe(_ call: Call) async throws -> Reply {
        let (scope, reader) = try await wish(call)
        let body = String(decoding: try await call.bytes().prefix(4_096), as: UTF8.self)
        guard body.contains("List-Unsubscribe"), body.contains("One-Click") else {
            throw Problem(.malformed, "The body is List-Unsubscribe=One-Click.")
        }
        try await Unsubscribing.perform(reader, in: scope, requestID: call.requestID)
        return LinkPage.reply(
            "Unsubscribe", .paragraph("Done: no more of these mails are sent to you."), of: try await TenantBrand.of(scope))
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
