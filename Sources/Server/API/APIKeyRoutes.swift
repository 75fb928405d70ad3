import CRM
import Foundation
import HTTPTypes
import Postgres
import Records
import Secrets
import Tenancy

/// Credentials for programs: `/v1/api_keys`. Anyone who is signed in may make keys; none can do more than its maker. Who runs the account's
/// users sees and revokes everyone's, others their own.
struct APIKeyRoutes: Sendable {
    var endpoints: [Endpoint] {
        [
            .person(.post, "/v1/api_keys", Self.create, create),
            .person(.get, "/v1/api_keys", Self.list, list),
            .person(.get, "/v1/api_keys/{id}", Self.show, show),
            .person(.delete, "/v1/api_keys/{id}", Self.revoke, revoke),
        ]
    }

    private func create(_ call: Call, _ person: Person) async throws -> Reply {
        guard person.isSession else { throw Problem(.forbidden, "Only someone who is signed in makes API keys; a key cannot.") }
        let body = try await call.json()
        let repeatable = try await call.repeatable(person)
        let work = { try await insert(APIKeyOrder(body), by: person, from: call.address, repeatable) }
        var answer =
            if let repeatable { try await repeatable.perform(in: person.scope, document: call.document, work) } else { try await work() }
        if answer.status == 201 { answer.body = try SecretSeal(of: person).opened(answer.body ?? []) }
        return Reply(answer)
    }

    /// One unit: the key, and the answer for when the request comes again.
    private func insert(
        _ order: APIKeyOrder, by person: Person, from address: String, _ repeatable: RepeatableRequest?
    ) async throws -> RecordAnswer {
        let key = Credential.mint(.apiKey, slug: person.tenant.slug)
        let id = UUID.v7()
        let location = "/v1/api_keys/\(id.text)"
        let made: SQL = """
            INSERT INTO api_keys (id, token_hash, name, prefix, role_id, user_id, allowed_ips, expires_at)
            SELECT \(id), \(SQLValue.bytes(key.hash)), \(order.name), \(key.visiblePrefix), roles.id, \(person.userID),
                \(order.allowedIPs)::text[], \(order.expires)::timestamptz
            FROM roles WHERE id = \(order.roleID) AND deleted_at IS NULL
            """
        let sealed = SecretSeal(of: person).closed(key.text, id: id)
        let shown: SQL = "SELECT \(APIKeyView.json(key: sealed))::text FROM api_keys AS k WHERE k.id = \(id)"
        let kept = repeatable?.remember(
            "SELECT 201::smallint, NULL::integer, \(location)::text, shown.body FROM (\(shown)) AS shown (body)")
        let told = Self.telling(.keyCreated, id, by: person, from: address, "FROM api_keys WHERE id = \(id)")
        let claim = repeatable?.claim ?? []
        let rows: [Rows]
        do {
            rows = try await person.scope.run(claim + [made, shown, told] + (kept.map { [$0] } ?? []) + Self.counting(person))
        } catch {
            throw error.planLimit ?? error
        }
        guard let row = rows[claim.count + 1].first else {
            throw Problem.invalid([.init("/role_id", .reference, "There is no such role.")])
        }
        var answer = RecordAnswer(status: 201, body: row.withBytes(0) { Array($0) })
        answer.location = location
        return answer
    }

    private static func telling(
        _ action: AuditTrail.Action, _ id: UUID, by person: Person, from address: String, _ condition: SQL
    ) -> SQL {
        AuditTrail.entry(
            action, by: person.caller.actor, about: .init("api_keys", id), from: address, requestID: person.caller.requestID, condition)
    }

    private static func counting(_ person: Person) -> [SQL] {
        Usage.recounted(Resource.apiKeys, of: APIKeys.counted, person.scope.entitlements)
    }

    private func list(_ call: Call, _ person: Person) async throws -> Reply {
        let limit = try call.query.integer("limit", in: 1...200, otherwise: 50)
        let mark = PageMark(list: "api_keys \(person.tenant.id)")
        var condition = APIKeyView.visible(to: person)
        if let cursor = call.query["after"] {
            guard let last = UUID(text: try mark.last(in: cursor)) else { throw Problem(.cursor, "This is no cursor of a page.") }
            condition += " AND k.id < \(last)"
        }
        let rows = try await person.scope.rows(
            "SELECT \(APIKeyView.json()), k.id FROM api_keys AS k WHERE \(condition) ORDER BY k.id DESC LIMIT \(limit + 1)")
        let shown = rows.prefix(limit)
        let next = rows.count > limit ? try shown.last.map { mark.text(after: try $0.text(1)) } : nil
        return .page(try shown.map { try JSON(parsing: $0.text(0)) }, next: next, of: call)
    }

    private func show(_ call: Call, _ person: Person) async throws -> Reply {
        let id = try call.id()
        let rows = try await person.scope.rows(
            "SELECT \(APIKeyView.json()) FROM api_keys AS k WHERE k.id = \(id) AND \(APIKeyView.visible(to: person))")
        guard let row = rows.first else { throw Problem.notFound }
        return Reply(row, column: 0)
    }

    private func revoke(_ call: Call, _ person: Person) async throws -> Reply {
        let id = try call.id()
        guard person.isSession || person.rights.admin.users || person.credentialID == id else {
            throw Problem(.forbidden, "An API key revokes only itself.")
        }
        return try await call.repeatably(person) { repeatable in
            let claim = repeatable?.claim ?? []
            let revoked: SQL = """
                WITH revoked AS (
                    UPDATE api_keys AS k SET revoked_at = now() WHERE k.id = \(id) AND \(APIKeyView.visible(to: person))
                    RETURNING token_hash)
                SELECT \(Credentials.endedCall(of: person.tenant.slug, hash: "token_hash")) FROM revoked
                """
            let kept = repeatable?.remember(
                """
                SELECT 204::smallint, NULL::integer, NULL::text, NULL::text
                FROM api_keys WHERE id = \(id) AND revoked_at = now()::timestamptz(3)
                """)
            let told = Self.telling(
                .keyRevoked, id, by: person, from: call.address,
                "FROM api_keys WHERE id = \(id) AND revoked_at = now()::timestamptz(3)")
            let rows = try await person.scope.run(claim + [revoked, told] + (kept.map { [$0] } ?? []) + Self.counting(person))
            guard !rows[claim.count].isEmpty else { throw Problem.notFound }
            return RecordAnswer(status: 204)
        }
    }
}

extension APIKeyRoutes {
    private static let key: JSON = ["$ref": "#/components/schemas/APIKey"]
    private static let create = Operation(
        "api_keys.create", "Make an API key; it is shown once", tag: "API keys", parameters: [.idempotencyKey],
        body: BodyDescription(["$ref": "#/components/schemas/APIKeyOrder"]),
        responses: [
            201: ResponseDescription(
                "The key.", schema: ["$ref": "#/components/schemas/NewAPIKey"], headers: [("Location", "The key's address.")])
        ], problems: [.planLimit, .idempotencyRunning, .idempotencyMismatch])
    private static let list = Operation(
        "api_keys.list", "My API keys; everyone's for those who run the users", tag: "API keys", parameters: [.limit, .after],
        responses: [200: ResponseDescription("The newest first.", schema: .listSchema(of: key))], problems: [.cursor])
    private static let show = Operation(
        "api_keys.get", "One API key, without its secret", tag: "API keys", parameters: [.id("id", "The key's id.")],
        responses: [200: ResponseDescription("The key.", schema: key)])
    private static let revoke = Operation(
        "api_keys.delete", "Revoke an API key; it stops working within a second", tag: "API keys",
        parameters: [.id("id", "The key's id."), .idempotencyKey], responses: [204: ResponseDescription("It is revoked.")],
        problems: [.idempotencyRunning, .idempotencyMismatch])

    static let schemas: [String: JSON] = [
        "APIKeyOrder": .objectSchema(
            [
                "name": .textSchema, "role_id": .idSchema, "expires_at": ["type": ["string", "null"], "format": "date-time"],
                "allowed_ips": ["type": ["array", "null"], "maxItems": 100, "items": ["type": "string"]],
            ], required: ["name", "role_id"]),
        "APIKey": .objectSchema(APIKeyView.members, required: APIKeyView.members.keys.sorted()),
        "NewAPIKey": .objectSchema(
            APIKeyView.members.merging(["key": ["type": "string"]]) { $1 }, required: APIKeyView.members.keys.sorted() + ["key"]),
    ]
}
