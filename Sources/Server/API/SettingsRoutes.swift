import CRM
import Foundation
import HTTPTypes
import Records
import Tenancy

/// What a tenant decides for itself: `/v1/settings`. Everyone who is signed in reads it, but for the mail server; those who run the
/// account's settings change it, see who changed what, and go back.
struct SettingsRoutes: Sendable {
    private let installation: Installation
    private let allowsPrivateHosts: Bool
    private let sessionHours: Int

    init(_ house: House) {
        installation = house.installation
        allowsPrivateHosts = house.settings.allowsPrivateHosts
        sessionHours = max(1, Int(house.settings.sessionLength.seconds / 3600))
    }

    var endpoints: [Endpoint] {
        [
            .person(.get, "/v1/settings", Self.show, show),
            .person(.patch, "/v1/settings", Self.change, change),
            .person(.get, "/v1/settings/definitions", Self.definitions, definitions),
            .person(.get, "/v1/settings/history", Self.history, history),
            .person(.post, "/v1/settings/revert", Self.revert, revert),
        ]
    }

    private func store(_ call: Call, _ person: Person) -> SettingsStore {
        SettingsStore(
            in: person.scope, for: person.caller, from: call.address,
            SettingDefaults(accountName: person.tenant.name, sessionHours: sessionHours), news: Credentials.changed(person.tenant.slug))
    }

    private func show(_ call: Call, _ person: Person) async throws -> Reply {
        Reply(try await store(call, person).get())
    }

    private func definitions(_ call: Call, _ person: Person) async throws -> Reply {
        .json([
            "schema": TenantSettings.patchSchema, "has_logo": .bool(try await MailLogo.find(in: person.scope) != nil),
        ])
    }

    private func change(_ call: Call, _ person: Person) async throws -> Reply {
        try await call.repeatably(person) { repeatable in
            try await store(call, person).patch(
                try await call.json(), try await installation.key(of: person.tenant), allowsPrivateHosts: allowsPrivateHosts,
                ifMatch: try call.precondition(of: person), repeatable: repeatable)
        }
    }

    private func history(_ call: Call, _ person: Person) async throws -> Reply {
        let limit = try call.query.integer("limit", in: 1...200, otherwise: 50)
        let mark = PageMark(list: "settings history \(person.tenant.id)")
        var before: Int?
        if let cursor = call.query["after"] {
            before = Int(try mark.last(in: cursor))
            guard before != nil else { throw Problem(.cursor, "This is no cursor of a page.") }
        }
        let entries = try await store(call, person).history(before: before, limit: limit + 1)
        let shown = entries.prefix(limit)
        let next = entries.count > limit ? shown.last.map { mark.text(after: String($0.version)) } : nil
        return .page(shown.map(Self.document), next: next, of: call)
    }

    private static func document(_ entry: SettingsStore.HistoryEntry) -> JSON {
        let actor: JSON = entry.actorType.map { ["type": .string($0), "id": JSON(entry.actorID?.text)] } ?? .null
        return [
            "version": JSON(entry.version), "at": .string(entry.at.apiText), "actor": actor, "changed": JSON(entry.changed),
        ]
    }

    private func revert(_ call: Call, _ person: Person) async throws -> Reply {
        try await call.repeatably(person) { repeatable in
            var form = Form(try await call.json(), known: ["version"])
            let version = form.integer("version", in: 1...Int(Int32.max))
            if !form.has("version") { form.refuse("version", .required, "This is needed.") }
            try form.finish()
            return try await store(call, person).revert(to: version ?? 0, ifMatch: try call.precondition, repeatable: repeatable)
        }
    }
}

extension SettingsRoutes {
    private static let settings = ResponseDescription(
        "The settings, each with its default where nothing was decided; `mail.smtp` only for those who run them.",
        schema: ["$ref": "#/components/schemas/Settings"], headers: [("ETag", "The version, in quotes.")])

    private static let show = Operation(
        "settings.get", "What the tenant has decided for itself", tag: "Settings", parameters: [.ifNoneMatch],
        responses: [200: settings, 304: ResponseDescription("Unchanged.")])
    private static let change = Operation(
        "settings.update", "Change settings (merge patch, RFC 7396); null brings a default back", tag: "Settings",
        parameters: [.ifMatch, .idempotencyKey],
        body: BodyDescription(
            ["$ref": "#/components/schemas/SettingsPatch"], contentTypes: ["application/json", "application/merge-patch+json"]),
        responses: [200: settings],
        problems: [.conflict, .versionMismatch, .preconditionRequired, .idempotencyMismatch, .idempotencyRunning])
    private static let definitions = Operation(
        "settings.definitions", "What may be decided: the JSON Schema of a change, with a sentence and the default of each key",
        tag: "Settings",
        responses: [
            200: ResponseDescription(
                "The schema, as this document has it for a PATCH, and whether there is a picture at /v1/settings/logo.",
                schema: .objectSchema(["schema": ["type": "object"], "has_logo": ["type": "boolean"]], required: ["schema", "has_logo"]))
        ])
    private static let history = Operation(
        "settings.history", "Who decided what, newest first", tag: "Settings", parameters: [.limit, .after],
        responses: [
            200: ResponseDescription("A page of versions.", schema: .listSchema(of: ["$ref": "#/components/schemas/SettingsVersion"]))
        ], problems: [.cursor])
    private static let revert = Operation(
        "settings.revert", "Go back: a new version that is equal to an old one", tag: "Settings", parameters: [.ifMatch, .idempotencyKey],
        body: BodyDescription(["$ref": "#/components/schemas/SettingsRevert"]), responses: [200: settings],
        problems: [.conflict, .versionMismatch, .idempotencyMismatch, .idempotencyRunning])

    static let schemas: [String: JSON] = [
        "Settings": TenantSettings.answerSchema,
        "SettingsPatch": TenantSettings.patchSchema,
        "SettingsRevert": .objectSchema(
            ["version": ["type": "integer", "minimum": 1, "maximum": JSON(Int(Int32.max))]], required: ["version"]),
        "SettingsVersion": .objectSchema(
            [
                "version": ["type": "integer", "minimum": 1], "at": .timeSchema,
                "actor": [
                    "type": ["object", "null"], "required": ["type", "id"], "additionalProperties": false,
                    "properties": ["type": ["type": "string", "enum": JSON(Actor.Kind.allCases.map(\.rawValue))], "id": .idSchema],
                ],
                "changed": ["type": "array", "items": ["type": "string"], "description": "Dotted names, such as mail.smtp.host."],
            ], required: ["version", "at", "actor", "changed"]),
    ]
}
