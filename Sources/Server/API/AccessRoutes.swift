import Foundation
import Records

/// Tells why someone may or may not do something, by the checks that decide it.
struct AccessRoutes: Sendable {
    var endpoints: [Endpoint] { [.person(.get, "/v1/access/explain", Self.explain, explain)] }

    private func explain(_ call: Call, _ person: Person) async throws -> Reply {
        let userID = try userID(call, person)
        guard let type = call.query["type"].flatMap({ person.catalog[$0] }) else {
            throw Problem(.malformed, "The parameter type: This is a record type, such as contacts.")
        }
        guard let action = call.query["action"].flatMap(AccessExplanation.Action.init) else {
            throw Problem(.malformed, "The parameter action: This is read, update, delete, create or export.")
        }
        guard !action.needsRecord || call.query["id"] != nil else {
            throw Problem(.malformed, "The parameter id: To \(action.rawValue) needs a record.")
        }
        guard let user = try await CredentialLookup.user(userID, in: person.scope) else { throw Problem.notFound }
        var explanation = AccessExplanation()
        let writes = action != .read && action != .export
        let isOpen = !writes || person.tenant.state.allowsWrites
        if explanation.check("user", user.isActive, "\(user.name) \(user.isActive ? "may" : "may not") sign in."),
            explanation.check(
                "account", isOpen, "The account \(isOpen ? "allows" : "does not allow") this; it is \(person.tenant.state.rawValue).")
        {
            let caller = Caller(
                actor: Actor(.user, user.id), userID: user.id, teamMemberIDs: user.teamMemberIDs, rights: user.rights,
                requestID: call.requestID)
            explanation.note("role", "The role is \(user.role).")
            let store = RecordStore(type, of: person.catalog, in: person.scope, for: caller)
            try await store.explain(action, call.query["id"], isDiscreet: !person.rights.admin.users, &explanation)
        }
        return .json(explanation.document)
    }

    /// Everyone may ask about oneself, those who run the account's users about everyone.
    private func userID(_ call: Call, _ person: Person) throws(Problem) -> UUID {
        guard let text = call.query["user_id"] else { return person.userID }
        let id = UUID(text: text)
        guard person.rights.admin.users || id == person.userID else {
            throw Problem(.forbidden, "Only those who run the account's users may ask about others.")
        }
        guard let id else { throw .notFound }
        return id
    }

    private static let explain = Operation(
        "access.explain", "Why someone may or may not do something", tag: "Access",
        parameters: [
            Parameter("user_id", in: .query, .idSchema, "Who; oneself unless said. Others only for those who run the users."),
            Parameter("type", in: .query, ["type": "string"], required: true, "The record type, such as contacts."),
            Parameter("id", in: .query, .idSchema, "The record; not needed to create or export."),
            Parameter(
                "action", in: .query, ["type": "string", "enum": JSON(AccessExplanation.Action.allCases.map(\.rawValue))], required: true,
                "What is to be done."),
        ],
        responses: [
            200: ResponseDescription(
                "The checks in their order; the last one decides when it is refused.", schema: ["$ref": "#/components/schemas/Access"])
        ], problems: [.forbidden, .notFound])

    static let schemas: [String: JSON] = [
        "Access": .objectSchema(
            [
                "allowed": ["type": "boolean"],
                "reasons": [
                    "type": "array",
                    "items": .objectSchema(["rule": ["type": "string"], "detail": ["type": "string"]], required: ["rule", "detail"]),
                ],
            ], required: ["allowed", "reasons"])
    ]
}
