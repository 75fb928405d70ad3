import CRM
import Foundation
import Postgres
import Records
import Tenancy

/// What the links in mails to users are for, and asking for one.
struct LinkRoutes: Sendable {
    private let links: LinkOpening
    private let directory: Directory
    private let limit: SignInLimit

    init(_ house: House) {
        links = LinkOpening(house)
        directory = house.installation.directory
        limit = house.installation.signIns
    }

    var endpoints: [Endpoint] {
        [
            .anyone(.post, "/v1/invitations/accept", Self.accept, accept),
            .anyone(.post, "/v1/session/password_reset", Self.ask, ask),
            .anyone(.post, "/v1/session/password_reset/confirm", Self.reset, reset),
            .anyone(.post, "/v1/session/email/confirm", Self.confirm, confirm),
            .person(.post, "/v1/users/{id}/invite", Self.invite, invite),
        ]
    }

    private func accept(_ call: Call) async throws -> Reply {
        let (token, password) = try await choice(call)
        return .json(try await links.accept(token, password, from: call.address).document)
    }

    private func reset(_ call: Call) async throws -> Reply {
        let (token, password) = try await choice(call)
        return .json(try await links.reset(token, password, from: call.address).document)
    }

    private func choice(_ call: Call) async throws -> (token: String, password: String) {
        var form = Form(try await call.json(), known: ["token", "password"])
        let token = form.text("token")
        let password = form.text("password", trimmed: false, maximum: .max)
        try form.finish()
        guard let token, let password else { throw LinkOpening.dead }
        return (token, password)
    }

    private func confirm(_ call: Call) async throws -> Reply {
        var form = Form(try await call.json(), known: ["token"])
        let token = form.text("token")
        try form.finish()
        guard let token else { throw LinkOpening.dead }
        return .json(try await links.confirmEmail(token, requestID: call.requestID).document)
    }

    /// How long the answer takes, whatever there is to do: its time does not tell whether there is such a user.
    private static let time = Duration.milliseconds(250)

    private func ask(_ call: Call) async throws -> Reply {
        var form = Form(try await call.json(), known: ["tenant", "email"])
        let slug = form.text("tenant")
        let email = form.text("email")
        try form.finish()
        guard let slug, let email else { throw Problem.notFound }
        try await sendReset(slug: slug, email: email, call)
        return .json([:], status: .accepted)
    }

    /// Promises the mail with the link to a new password. Takes the same time and ends the same way whether there is such a user or not.
    func sendReset(slug: String, email: String, _ call: Call) async throws {
        let end = ContinuousClock.now + Self.time
        // Counted beside failed sign-ins and by the same measure; whether there is such an account makes no difference.
        let attempt = try await limit.attempt(
            slug: slug, email: "password reset \(email)", address: AddressRange.neighbourhood(of: call.address))
        let wait = try await limit.wait(attempt)
        let counted = try await limit.failed(attempt)
        guard wait == nil, counted == nil else {
            let seconds = Int((wait ?? counted ?? .zero).components.seconds) + 1
            throw Problem(.rateLimited, "A new password was asked for too often. Try again later.", retryAfter: seconds)
        }
        try await promise(slug, email)
        try await Task.sleep(until: end)
    }

    /// Nothing when there is no such user, or a link was sent less than five minutes ago.
    private func promise(_ slug: String, _ email: String) async throws {
        guard let tenant = try await directory.tenant(slug: slug), tenant.state.allowsSignIn else { return }
        let scope = try directory.scope(for: tenant)
        guard let user = try await SignedInUser.find(email: email, in: scope), user.isActive else { return }
        let isDue: SQL = """
            NOT EXISTS (SELECT FROM users WHERE id = \(user.id)
                AND (links #>> '{password_reset,until}')::timestamptz > now() + interval '55 minutes')
            """
        _ = try await scope.run([(SendMail.promised(.passwordReset, to: user.id) + " WHERE " + isDue).prepared(.perNamespace)])
    }

    private func invite(_ call: Call, _ person: Person) async throws -> Reply {
        let id = try call.id()
        guard person.rights.admin.users else {
            try await person.store("users").find(id.uuidString)
            throw Problem(.forbidden, "Only those who run the account's users may do this.")
        }
        return try await call.repeatably(person) { repeatable in
            let rows = try await person.scope.rows("SELECT status FROM users WHERE id = \(id) AND deleted_at IS NULL")
            guard let status = try rows.first?.text(0) else { throw Problem.notFound }
            guard status == "invited" else {
                throw Problem(.conflict, "This user has a password already; a new one is asked for at /v1/session/password_reset.")
            }
            let kept = repeatable?.remember(RepeatableRequest.Answer(status: 202, body: "{}"))
            _ = try await person.scope.run(
                (repeatable?.claim ?? []) + [SendMail.promised(.invitation(by: person.userID), to: id)] + (kept.map { [$0] } ?? []))
            return RecordAnswer(status: 202, body: Array("{}".utf8))
        }
    }
}

extension LinkRoutes {
    private static let opened = ResponseDescription("Done: whose link it was.", schema: ["$ref": "#/components/schemas/OpenedLink"])
    private static let accept = Operation(
        "invitations.accept", "Accept an invitation with a first password; then sign in", tag: "Session",
        body: BodyDescription(["$ref": "#/components/schemas/PasswordChoice"]), responses: [200: opened],
        problems: [.forbidden, .tenantSuspended, .maintenance])
    private static let ask = Operation(
        "session.ask_password_reset", "Ask for a mail by which a new password is chosen; the answer is the same whoever there is",
        tag: "Session",
        body: BodyDescription(
            .objectSchema(["tenant": .textSchema, "email": .textSchema], required: ["tenant", "email"])),
        responses: [202: ResponseDescription("If there is such a user, a mail is on its way.", schema: .objectSchema([:]))],
        problems: [.rateLimited, .maintenance])
    private static let reset = Operation(
        "session.reset_password", "Choose a new password by the link in the mail; all sessions end", tag: "Session",
        body: BodyDescription(["$ref": "#/components/schemas/PasswordChoice"]), responses: [200: opened],
        problems: [.forbidden, .maintenance])
    private static let confirm = Operation(
        "session.confirm_email", "Confirm that an address is one's own, by the link in the mail", tag: "Session",
        body: BodyDescription(.objectSchema(["token": .textSchema], required: ["token"])), responses: [200: opened],
        problems: [.maintenance])
    private static let invite = Operation(
        "users.invite", "Send an invited user another mail; the link in the one before ends", tag: "users",
        parameters: [Parameter("id", in: .path, .idSchema, "The user."), .idempotencyKey],
        responses: [202: ResponseDescription("A mail is on its way.", schema: .objectSchema([:]))],
        problems: [.forbidden, .notFound, .conflict, .idempotencyRunning, .idempotencyMismatch])

    static let schemas: [String: JSON] = [
        "OpenedLink": .objectSchema(["tenant": ["type": "string"], "email": ["type": "string"]], required: ["tenant", "email"]),
        "PasswordChoice": .objectSchema(
            ["token": .textSchema, "password": ["type": "string", "minLength": 12, "maxLength": 1000]], required: ["token", "password"]),
    ]
}
