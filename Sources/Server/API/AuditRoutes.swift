import CRM
import Records
import Tenancy

/// Who came in, what left, who changed what about the account: `/v1/audit`, for those who run its settings or users.
struct AuditRoutes: Sendable {
    private let operators: Audit

    init(_ house: House) {
        operators = house.installation.audit
    }

    var endpoints: [Endpoint] { [.person(.get, "/v1/audit", Self.list, list)] }

    private func list(_ call: Call, _ person: Person) async throws -> Reply {
        let limit = try call.query.integer("limit", in: 1...200, otherwise: 50)
        let mark = PageMark(list: "audit \(person.tenant.id)")
        var place = AuditPage.Place()
        if let cursor = call.query["after"] {
            guard let read = AuditPage.Place(try mark.last(in: cursor)) else { throw Problem(.cursor, "This is no cursor of a page.") }
            place = read
        }
        let page = try await AuditPage.read(after: place, limit: limit, in: person.scope, for: person.caller, operators)
        return .page(page.entries, next: page.next.map { mark.text(after: $0.text) }, of: call)
    }

    private static let list = Operation(
        "audit.list",
        """
        The account's audit: sign-ins and those that failed, exports, API keys, settings, users, roles, teams, and what operators did to the \
        account; for those who run its settings or users
        """, tag: "Audit", parameters: [.limit, .after],
        responses: [
            200: ResponseDescription("The newest first.", schema: .listSchema(of: ["$ref": "#/components/schemas/AuditEntry"]))
        ], problems: [.cursor])

    private static let text: JSON = ["type": ["string", "null"]]

    static let schemas: [String: JSON] = [
        "AuditEntry": .objectSchema(
            [
                "id": ["type": "string"], "at": .timeSchema,
                "action": ["type": "string", "description": "sign_in, export_requested, user_updated, settings_changed, suspend, ..."],
                "actor": [
                    "type": ["object", "null"], "required": ["type", "id", "name"], "additionalProperties": false,
                    "properties": [
                        "type": ["type": "string", "enum": JSON(Actor.Kind.allCases.map(\.rawValue))], "id": text, "name": text,
                    ],
                ],
                "about": [
                    "type": ["object", "null"], "required": ["type", "id"], "additionalProperties": false,
                    "properties": ["type": ["type": "string"], "id": text],
                ],
                "address": ["type": ["string", "null"], "description": "From where."], "request_id": text,
                "detail": ["type": "object", "description": "What else there is to know: fields that changed, a reason."],
            ], required: ["id", "at", "action", "actor", "about", "address", "request_id", "detail"])
    ]
}
