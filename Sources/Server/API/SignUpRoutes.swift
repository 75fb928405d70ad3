import CRM
import Mail
import Records
import Secrets
import Synchronization
import Tenancy

/// Firms that open an account by themselves: `/v1/signup`. Where the installation does not offer that, these addresses are not there.
struct SignUpRoutes: Sendable {
    private let installation: Installation
    private let offer: SignUpOffer
    private let passwords: PasswordPolicy
    private let scryptCost: ScryptCost
    private let asking = AskingPace()

    /// Nil where it is not offered.
    init?(_ house: House) {
        guard let offer = house.settings.signUp else { return nil }
        self.offer = offer
        installation = house.installation
        passwords = house.passwords
        scryptCost = house.settings.scryptCost
    }

    var endpoints: [Endpoint] {
        [
            .anyone(.get, "/v1/signup/slug", Self.check, check),
            .anyone(.post, "/v1/signup", Self.ask, ask),
            .anyone(.post, "/v1/signup/confirm", Self.confirm, confirm),
        ]
    }

    /// Where it is not offered the addresses are nobody's, not those of some record type.
    static var closed: [Endpoint] {
        let nothing: @Sendable (Call) async throws -> Reply = { _ in throw Problem.notFound }
        return [
            .anyone(.get, "/v1/signup/slug", check, nothing), .anyone(.post, "/v1/signup", ask, nothing),
            .anyone(.post, "/v1/signup/confirm", confirm, nothing),
        ]
    }

    private func check(_ call: Call) async throws -> Reply {
        guard let slug = call.query["slug"] else { throw Problem(.malformed, "The query parameter \"slug\" is the name to look for.") }
        if let wait = asking.wait(AddressRange.neighbourhood(of: call.address)) {
            throw Problem(.rateLimited, "You have looked for many names. Try again shortly.", retryAfter: wait)
        }
        let reason = try await refusal(slug)
        return .json(["slug": .string(slug), "available": .bool(reason == nil), "reason": JSON(reason?.detail)])
    }

    /// Why nobody can have the name; nil when it is free.
    private func refusal(_ slug: String) async throws -> Problem.FieldError? {
        do throws(TenancyError) {
            try Slug.check(slug)
        } catch {
            return .init("/slug", .format, error.message)
        }
        let isTaken = try await installation.directory.find(slug: slug) != nil
        return isTaken ? .init("/slug", .duplicate, "Another firm has this name.") : nil
    }

    private func ask(_ call: Call) async throws -> Reply {
        try await order(try await call.json(), call)
        return .json([:], status: .accepted)
    }

    /// Promises the mail whose link opens the account. Refuses with `.invalid` and with `.rateLimited`.
    func order(_ body: JSON, _ call: Call) async throws {
        var form = Form(body, known: ["slug", "name", "email", "password", "language"])
        let slug = form.text("slug")
        let name = form.text("name", maximum: 80)
        // It stands in a mail to an address that nobody has confirmed: no place for somebody's advertisement.
        if let name, name.contains("://") || name.contains("www.") {
            form.refuse("name", .format, "This is the name of a firm, not an address of the web.")
        }
        let email = form.text("email", maximum: 254)
        if let email, !EmailAddress.isWellFormed(email) {
            form.refuse("email", .format, "This is an e-mail address such as ann@example.com.")
        }
        let password = form.text("password", trimmed: false, maximum: .max)
        if let password { form.add(passwords.refusal(password, at: "/password")) }
        let language = form.text("language", required: false, maximum: 35)
        let address = AddressRange.neighbourhood(of: call.address)
        // Before anything that costs.
        guard try await !installation.signups.isFlooded(from: address, offer.limits) else { throw Self.flooded }
        if let slug { form.add(try await refusal(slug)) }
        try form.finish()
        guard let slug, let name, let email, let password else { throw Problem.notFound }
        let order = Signups.Order(
            slug: slug, name: name, email: email, passwordHash: await PasswordHash.of(password, cost: scryptCost).text,
            language: language ?? "en")
        guard try await installation.signups.place(order, from: address, offer.limits) else { throw Self.flooded }
    }

    private static let flooded = Problem(
        .rateLimited, "Too many accounts are being asked for at this moment. Try again in an hour.", retryAfter: 3600)

    private func confirm(_ call: Call) async throws -> Reply {
        var form = Form(try await call.json(), known: ["token"])
        let token = form.text("token")
        try form.finish()
        guard let token, let opened = try await open(token, call) else { throw LinkOpening.dead }
        return .json(opened.document)
    }

    /// Nil when the link has expired or never was. Refuses with `.conflict` when another firm was faster to take the name.
    func open(_ token: String, _ call: Call) async throws -> LinkOpening.Opened? {
        do {
            return try await SignUp.confirm(token, installation, trialDays: offer.trialDays, requestID: call.requestID).map {
                LinkOpening.Opened(slug: $0.tenant.slug, email: $0.email)
            }
        } catch let error as TenancyError {
            switch error {
            case .slugTaken, .conflict:
                throw Problem(.conflict, "Another firm has taken this name meanwhile. Sign up again with another.")
            case .cellFull:
                throw Problem(.overloaded, "There is no room for another account at this moment. Try again later.", retryAfter: 3600)
            default: throw error
            }
        }
    }
}

/// On what terms firms may open an account by themselves.
package struct SignUpOffer: Sendable {
    package var trialDays: Int
    package var limits = Signups.Limits()

    package init(trialDays: Int) { self.trialDays = trialDays }
}

/// How often one may look for a name: thirty at once, then one every two seconds.
private final class AskingPace: Sendable {
    private let pacing = Mutex(DomainPacing(burst: 30, interval: .seconds(2)))

    /// In seconds; nil: now.
    func wait(_ address: String) -> Int? {
        pacing.withLock { $0.take(address, at: .now) }.map { Int($0.components.seconds) + 1 }
    }
}

extension SignUpRoutes {
    private static let check = Operation(
        "signup.slug", "Whether a firm can still have a name", tag: "Sign-up",
        parameters: [Parameter("slug", in: .query, ["type": "string"], required: true, "The name.")],
        responses: [200: ResponseDescription("Free or not, and why.", schema: ["$ref": "#/components/schemas/SlugCheck"])],
        problems: [.rateLimited])
    private static let ask = Operation(
        "signup.create", "Ask for an account; a mail with a link opens it", tag: "Sign-up",
        body: BodyDescription(["$ref": "#/components/schemas/SignUp"]),
        responses: [202: ResponseDescription("A mail is on its way.", schema: .objectSchema([:]))], problems: [.rateLimited])
    private static let confirm = Operation(
        "signup.confirm", "Open the account by the link in the mail; then sign in. Again: the same answer", tag: "Sign-up",
        body: BodyDescription(.objectSchema(["token": .textSchema], required: ["token"])),
        responses: [200: ResponseDescription("The account is there.", schema: ["$ref": "#/components/schemas/OpenedLink"])],
        problems: [.conflict, .overloaded, .maintenance])

    static let schemas: [String: JSON] = [
        "SlugCheck": .objectSchema(
            ["slug": ["type": "string"], "available": ["type": "boolean"], "reason": ["type": ["string", "null"]]],
            required: ["slug", "available", "reason"]),
        "SignUp": .objectSchema(
            [
                "slug": .textSchema, "name": ["type": "string", "minLength": 1, "maxLength": 80],
                "email": ["type": "string", "maxLength": 254],
                "password": ["type": "string", "minLength": 12, "maxLength": 1000],
                "language": ["type": ["string", "null"], "maxLength": 35],
            ], required: ["slug", "name", "email", "password"]),
    ]
}
