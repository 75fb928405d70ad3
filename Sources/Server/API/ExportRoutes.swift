import Blobs
import CRM
import Foundation
import HTTPTypes
import Records

/// Records that leave as a file: `/v1/exports`.
struct ExportRoutes: Sendable {
    private let blobs: any BlobStore

    init(_ house: House) {
        blobs = house.installation.blobs
    }

    var endpoints: [Endpoint] {
        [
            .person(.post, "/v1/exports", Self.create, effect: .exports, create),
            .person(.get, "/v1/exports", Self.list, list),
            .person(.get, "/v1/exports/{id}", Self.show, show),
            .person(.get, "/v1/exports/{id}/content", Self.content, content),
        ]
    }

    private func exports(_ person: Person) -> Exports { Exports(in: person.scope, for: person.caller, of: person.catalog) }

    private func create(_ call: Call, _ person: Person) async throws -> Reply {
        try await call.repeatably(person) { repeatable in
            try await exports(person).order(try ExportOrder(try await call.json()), from: call.address, repeatable)
        }
    }

    private func list(_ call: Call, _ person: Person) async throws -> Reply {
        let limit = try call.query.integer("limit", in: 1...200, otherwise: 50)
        let mark = PageMark(list: "exports \(person.tenant.id) \(person.credentialID)")
        var last: UUID?
        if let cursor = call.query["after"] {
            last = UUID(text: try mark.last(in: cursor))
            guard last != nil else { throw Problem(.cursor, "This is no cursor of a page.") }
        }
        let found = try await exports(person).list(before: last, limit: limit + 1)
        let shown = found.prefix(limit)
        return .page(
            shown.map(\.document), next: found.count > limit ? shown.last.map { mark.text(after: $0.id.uuidString) } : nil, of: call)
    }

    private func show(_ call: Call, _ person: Person) async throws -> Reply {
        Reply(try await exports(person).get(try call.id()))
    }

    private func content(_ call: Call, _ person: Person) async throws -> Reply {
        let file = try await exports(person).file(try call.id(), from: call.address)
        return try .file(
            file.key, in: blobs, size: Int(file.size), name: file.name, contentType: file.form.contentType, tag: file.digest,
            part: call.byteRange(of: Int(file.size), tag: file.digest).part, for: call)
    }
}

extension ExportRoutes {
    private static let one: JSON = ["$ref": "#/components/schemas/Export"]
    private static let id = Parameter.id("id", "The export's id.")
    private static let states = ["queued", "running", "done", "failed"]
    private static let text: JSON = ["type": ["string", "null"]]
    private static let count: JSON = ["type": "integer", "minimum": 0]

    private static let create = Operation(
        "exports.create", "Have records written into a file, as they are at one moment; needs the right to export", tag: "Exports",
        parameters: [.idempotencyKey], body: BodyDescription(["$ref": "#/components/schemas/ExportOrder"]),
        responses: [
            202: ResponseDescription("It is being made.", schema: one, headers: [("Location", "Where to see how far it is.")])
        ], problems: [.idempotencyRunning, .idempotencyMismatch], cost: .bulk)
    private static let list = Operation(
        "exports.list", "My exports, the newest first", tag: "Exports", parameters: [.limit, .after],
        responses: [200: ResponseDescription("A page of exports.", schema: .listSchema(of: one))], problems: [.cursor])
    private static let show = Operation(
        "exports.get", "How far an export is", tag: "Exports", parameters: [id],
        responses: [200: ResponseDescription("The export.", schema: one)])
    private static let headers = ResponseDescription.headersOfDownload
    private static let content = Operation(
        "exports.content", "The file of an export that is done, to be saved; the audit tells that it was taken", tag: "Exports",
        parameters: [id] + Parameter.ofDownload,
        responses: [
            200: ResponseDescription(
                "Everything.", schema: ["type": "string"], contentType: ExportRequest.Form.csv.contentType, headers: headers,
                orForms: forms),
            206: ResponseDescription(
                "The part asked for.", schema: ["type": "string"], contentType: ExportRequest.Form.csv.contentType,
                headers: headers + [("Content-Range", "Which part it is.")], orForms: forms),
            304: ResponseDescription("Unchanged."),
        ], problems: [.conflict])
    private static let forms = [ExportRequest.Form.jsonl, .vcard].map(\.contentType)

    static let schemas: [String: JSON] = [
        "ExportOrder": .objectSchema(
            [
                "type": ["type": "string", "description": "The record type, by its plural."],
                "format": [
                    "type": "string", "enum": JSON(ExportRequest.Form.allCases.map(\.rawValue)),
                    "description": "csv: columns are field names, parts as address.city; jsonl: a record a line, as the API shows it.",
                ],
                "where": ["type": ["object", "null"], "description": "As in a search."],
                "view_id": ["type": ["string", "null"], "format": "uuid", "description": "The records of a view, in its order."],
                "fields": [
                    "type": ["array", "null"], "minItems": 1, "maxItems": 500, "items": ["type": "string"],
                    "description": "Only these; of the tenant's own fields custom.<name>.",
                ],
                "since": [
                    "type": ["string", "null"],
                    "description":
                        "The cursor of an earlier export: only what has changed after it. A deleted record is its id and deleted_at.",
                ],
            ], required: ["type", "format"]),
        "Export": .objectSchema(
            members, required: members.keys.sorted()),
    ]

    private static let members: [String: JSON] = [
        "id": .idSchema, "type": ["type": "string"],
        "format": ["type": "string", "enum": JSON(ExportRequest.Form.allCases.map(\.rawValue))],
        "state": ["type": "string", "enum": JSON(states)], "progress": ["type": "number", "minimum": 0, "maximum": 1],
        "counters": .objectSchema(["total": count, "exported": count, "deleted": count], required: ["total", "exported", "deleted"]),
        "cursor": ["type": ["string", "null"], "description": "For the next export's since, once it is done."],
        "bytes": ["type": ["integer", "null"], "minimum": 0], "sha256": text,
        "detail": ["type": ["string", "null"], "description": "Why it failed."],
        "where": ["type": ["object", "null"]], "view_id": text, "fields": ["type": ["array", "null"], "items": ["type": "string"]],
        "since": text,
        "created_by": .objectSchema(["type": ["type": "string"], "id": .idSchema], required: ["type", "id"]), "created_at": .timeSchema,
        "finished_at": ["type": ["string", "null"], "format": "date-time"], "expires_at": .timeSchema,
    ]
}
