import CRM
import Foundation
import HTTPTypes
import Postgres
import Records
import Secrets
import Tenancy

/// Signing in and out: `/v1/session`.
struct SessionRoutes: Sendable {
    private let signIn: SignIn
    private let cookie: SessionCookie
    private let baseDomain: String?
    private let passwords: PasswordPolicy
    private let scryptCost: ScryptCost

    init(_ house: House) {
        signIn = house.signIn
        cookie = house.door.cookie
        baseDomain = house.settings.baseDomain
        passwords = house.passwords
        scryptCost = house.settings.scryptCost
    }

    var endpoints: [Endpoint] {
        [
            .anyone(.post, "/v1/session", Self.begin, begin),
            .person(.get, "/v1/session", Self.show, show),
            .person(.delete, "/v1/session", Self.end, effect: .signs, end),
            .person(.put, "/v1/session/password", Self.changePassword, effect: .signs, changePassword),
        ]
    }

    private func begin(_ call: Call) async throws -> Reply {
        var form = Form(try await call.json(), known: ["tenant", "email", "password"])
        let slug = form.text("tenant")
        let email = form.text("email")
        let password = form.text("password", trimmed: false, maximum: passwords.maximum)
        try form.finish()
        guard let slug, let email, let password, TenantHint(call, baseDomain: baseDomain).agrees(with: slug) else {
            throw Door.unauthenticated
        }
        let session = try await signIn.signIn(
            slug: slug, email: email, password: password, address: call.address, userAgent: call.headers[.userAgent])
        var reply = Reply.json(
            [
                "token": .string(session.credential.text), "expires_at": .string(session.expires.apiText),
                "csrf_token": .string(CSRFToken.of(session.credential)), "user": session.user.document,
            ], status: .created, location: "/v1/session")
        reply.headers[.setCookie] = cookie.setting(session.credential.text, for: session.length)
        return reply
    }

    /// The role that a key was given; nil for a person, who has the user's.
    private func role(of person: Person) async throws -> String? {
        guard !person.isSession else { return nil }
        let rows = try await person.scope.rows(
            "SELECT coalesce(r.key, r.name) FROM api_keys k JOIN roles r ON r.id = k.role_id WHERE k.id = \(person.credentialID)")
        return rows.first?.optionalText(0)
    }

    private func show(_ call: Call, _ person: Person) async throws -> Reply {
        guard let user = try await SignedInUser.find(person.userID, in: person.scope) else { throw Door.unauthenticated }
        let tenant = person.tenant
        var members: [JSON.Member] = [
            .init("user", user.document), .init("role", .string(try await role(of: person) ?? user.role)),
            .init("rights", person.rights.document),
            .init("admin", person.rights.adminDocument),
            .init(
                "tenant",
                [
                    "slug": .string(tenant.slug), "name": .string(tenant.name), "state": .string(tenant.state.rawValue),
                    "test": .bool(tenant.isTest),
                ]),
            .init(
                "plan",
                [
                    "name": .string(tenant.plan.name), "version": JSON(tenant.plan.version),
                    "banner": JSON(tenant.banner(on: person.policy.today(), in: person.policy.timeZone)),
                ]),
        ]
        // A page that was loaded anew has only its cookie, which it cannot read.
        if person.cameAsCookie { members.append(.init("csrf_token", .string(CSRFToken.of(person.credential)))) }
        return .json(.object(members))
    }

    private func end(_ call: Call, _ person: Person) async throws -> Reply {
        guard person.isSession else { throw Problem(.forbidden, "An API key does not sign out; DELETE /v1/api_keys/{id} revokes it.") }
        try await Self.end(person)
        var reply = Reply.noContent
        reply.headers[.setCookie] = cookie.removal
        return reply
    }

    /// Nobody comes in with this session any more.
    static func end(_ person: Person) async throws {
        let hash = person.credential.hash
        _ = try await person.scope.run([
            "DELETE FROM sessions WHERE token_hash = \(SQLValue.bytes(hash))", Credentials.ended(hash, of: person.tenant.slug),
        ])
    }

    private func changePassword(_ call: Call, _ person: Person) async throws -> Reply {
        guard person.isSession else { throw Problem(.forbidden, "Only someone who is signed in changes a password.") }
        var form = Form(try await call.json(), known: ["current", "new"])
        let current = form.text("current", trimmed: false, maximum: passwords.maximum)
        let new = form.text("new", trimmed: false, maximum: .max)
        var passwords = passwords
        passwords.minimum = max(passwords.minimum, person.policy.passwordMinimum)
        if let new { form.add(passwords.refusal(new, at: "/new")) }
        try form.finish()
        guard let current, let new, let user = try await SignedInUser.find(person.userID, in: person.scope) else {
            throw Door.unauthenticated
        }
        guard try await signIn.confirm(current, of: user, in: person.scope, address: call.address) else {
            throw Problem.invalid([.init("/current", .format, "This is not your password.")])
        }
        let hash = await PasswordHash.of(new, cost: scryptCost)
        _ = try await person.scope.run(Self.replacePassword(of: person, with: hash))
        return .noContent
    }

    /// The other sessions end, in the same transaction and with a line in the change log that does not tell the password.
    private static func replacePassword(of person: Person, with hash: PasswordHash) -> [SQL] {
        let caller = person.caller
        return [
            """
            WITH changed AS (
                UPDATE users SET password_hash = \(hash.text), version = version + 1, updated_at = now(),
                    updated_by_type = \(caller.actor.kind.rawValue), updated_by_id = \(caller.actor.id)
                WHERE id = \(person.userID) RETURNING id, version)
            INSERT INTO changes (id, type, record_id, version, action, actor_type, actor_id, request_id, fields)
            SELECT \(UUID.v7()), 'users', id, version, 'update', \(caller.actor.kind.rawValue), \(caller.actor.id), \(caller.requestID),
                '{"password": {"before": null, "after": null}}'
            FROM changed
            """,
            "DELETE FROM sessions WHERE user_id = \(person.userID) AND token_hash <> \(SQLValue.bytes(person.credential.hash))",
            AuditTrail.telling(of: person.userID.text, "users", "user"),
            Credentials.changed(person.tenant.slug),
        ]
    }
}

extension SessionRoutes {
    private static let begin = Operation(
        "session.create", "Sign in with e-mail and password", tag: "Session",
        body: BodyDescription(["$ref": "#/components/schemas/SignIn"]),
        responses: [201: ResponseDescription("Signed in; browsers get a cookie too.", schema: ["$ref": "#/components/schemas/NewSession"])],
        problems: [.unauthenticated, .planLimit, .forbidden, .rateLimited])
    private static let show = Operation(
        "session.get", "Who I am and what I may do", tag: "Session",
        responses: [200: ResponseDescription("The caller.", schema: ["$ref": "#/components/schemas/Session"])])
    private static let end = Operation(
        "session.delete", "Sign out", tag: "Session", responses: [204: ResponseDescription("The session has ended.")])
    private static let changePassword = Operation(
        "session.password", "Change my password; my other sessions end", tag: "Session",
        body: BodyDescription(["$ref": "#/components/schemas/PasswordChange"]), responses: [204: ResponseDescription("It is changed.")],
        problems: [.rateLimited])

    static let schemas: [String: JSON] = [
        "SignIn": .objectSchema(
            ["tenant": .textSchema, "email": .textSchema, "password": ["type": "string", "minLength": 1, "maxLength": 1000]],
            required: ["tenant", "email", "password"]),
        "NewSession": .objectSchema(
            [
                "token": ["type": "string"], "expires_at": .timeSchema, "csrf_token": ["type": "string"],
                "user": ["$ref": "#/components/schemas/SignedInUser"],
            ], required: ["token", "expires_at", "csrf_token", "user"]),
        "SignedInUser": .objectSchema(
            [
                "id": .idSchema, "email": ["type": "string"], "name": ["type": "string"], "role_id": .idSchema, "role": ["type": "string"],
                "time_zone": ["type": ["string", "null"]], "locale": ["type": ["string", "null"]],
            ], required: ["id", "email", "name", "role_id", "role", "time_zone", "locale"]),
        "Session": .objectSchema(
            [
                "user": ["$ref": "#/components/schemas/SignedInUser"], "role": ["type": "string"], "rights": ["type": "object"],
                "admin": ["type": "object"],
                "tenant": .objectSchema(
                    ["slug": ["type": "string"], "name": ["type": "string"], "state": ["type": "string"], "test": ["type": "boolean"]],
                    required: ["slug", "name", "state", "test"]),
                "plan": .objectSchema(
                    [
                        "name": ["type": "string"], "version": ["type": "integer"],
                        "banner": [
                            "type": ["string", "null"], "description": "What everyone of the account should know about its standing.",
                        ],
                    ], required: ["name", "version", "banner"]),
                "csrf_token": ["type": "string"],
            ], required: ["user", "role", "rights", "admin", "tenant", "plan"]),
        "PasswordChange": .objectSchema(
            [
                "current": ["type": "string", "minLength": 1, "maxLength": 1000],
                "new": ["type": "string", "minLength": 12, "maxLength": 1000],
            ],
            required: ["current", "new"]),
    ]
}
