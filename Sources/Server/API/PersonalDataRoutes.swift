import Blobs
import CRM
import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore
import Records

/// What people may demand of whoever holds data about them: to be shown it, and to be forgotten.
struct PersonalDataRoutes: Sendable {
    private let blobs: any BlobStore

    init(_ house: House) { blobs = house.installation.blobs }

    var endpoints: [Endpoint] {
        [
            .person(.post, "/v1/contacts/{id}/erase", Self.erase, erase),
            .person(.post, "/v1/contacts/{id}/access_request", Self.access, effect: .exports, access),
        ]
    }

    private func erase(_ call: Call, _ person: Person) async throws -> Reply {
        try await call.redirecting {
            let (id, store) = (call.parameters["id"], try person.store("contacts"))
            return try await call.repeatably(person) { repeatable in
                try await store.following(id) {
                    try await find(id, in: store, repeatable)
                    var form = Form(try await call.json(), known: ["reason"])
                    let reason = form.text("reason", maximum: 500)
                    try form.finish()
                    return try await Erasure(in: person.scope, for: person.caller, person.catalog)
                        .run(id, reason: reason ?? "", repeatable: repeatable)
                }
            }
        }
    }

    /// One file, sent as it is read: what a role that may export contacts sees of everything about a person.
    private func access(_ call: Call, _ person: Person) async throws -> Reply {
        try await call.redirecting {
            let (id, store) = (call.parameters["id"], try person.store("contacts"))
            let request = try await store.following(id) {
                try await find(id, in: store)
                try Form(try await call.jsonIfAny(), known: []).finish()
                return try await AccessRequest(of: id, in: person.scope, for: person.caller, person.catalog, from: call.address)
            }
            var reply = Reply(contentType: Self.archive, ByteBuffer())
            reply.headers[.contentDisposition] = "attachment; filename=\"\(request.fileName)\""
            reply.body = ResponseBody { [blobs] writer in
                try await request.write(now: Date(), files: blobs) { bytes in try await writer.write(ByteBuffer(bytes: bytes)) }
                try await writer.finish(nil)
            }
            return reply
        }
    }

    /// A stranger's contact is not there, whatever is wrong with the body; one that was merged is meant at the address of the other, and one
    /// in the trash is still held. Whoever repeats what he has done already is answered as before.
    private func find(_ id: String, in store: RecordStore, _ repeatable: RepeatableRequest? = nil) async throws {
        if let repeatable { _ = try await store.scope.run(repeatable.claim) }
        do {
            try await store.following(id) { try await store.find(id) }
        } catch let problem as Problem where problem.code == .notFound {
            try await store.find(id, trash: .include)
        }
    }
}

extension PersonalDataRoutes {
    private static let erase = Operation(
        "contacts.erase",
        """
        Erase everything that is held about a person, for good: the contact, those merged into it, its history, and the words and files of what \
        was done with this person alone; deals and their amounts stay. Nothing undoes it. Needs the right to delete all contacts
        """, tag: "contacts", parameters: [.id(), .idempotencyKey], body: BodyDescription(["$ref": "#/components/schemas/Erasure"]),
        responses: [
            200: ResponseDescription("How much of what was erased.", schema: ["$ref": "#/components/schemas/Erased"]),
            308: ResponseDescription(
                "It was merged into another contact.", headers: [(name: "Location", description: "The same call on the one that lives on.")]
            ),
        ], problems: [.forbidden, .notFound, .gone, .invalid, .idempotencyMismatch, .idempotencyRunning], cost: .bulk)

    private static let archive = "application/x-tar"

    private static let access = Operation(
        "contacts.access_request",
        """
        Everything that is held about a person, as one archive: `request.json` tells of whom it is and what the caller's role does not show \
        (`left_out`); a list for each type (`contacts.jsonl`, `deals.jsonl`, `reminders.jsonl`, `mails.jsonl`, `changes.jsonl`) has a line for \
        each record, `suppressions.jsonl` one for each address that gets no mail; `files.jsonl` tells of the files, whose contents are in `files/`. Needs the right to export contacts
        """,
        tag: "contacts", parameters: [.id()], body: BodyDescription(["type": "object", "additionalProperties": false], required: false),
        responses: [
            200: ResponseDescription(
                "What the caller's role shows of it.", schema: ["type": "string", "format": "binary"], contentType: Self.archive,
                headers: [("Content-Disposition", "A name for the file.")]),
            308: ResponseDescription(
                "It was merged into another contact.", headers: [(name: "Location", description: "The same call on the one that lives on.")]
            ),
        ], problems: [.forbidden, .notFound, .gone, .invalid])

    static let schemas: [String: JSON] = [
        "Erasure": .objectSchema(
            [
                "reason": [
                    "type": "string", "minLength": 1, "maxLength": 500, "pattern": "\\S",
                    "description": "Why, for the record; it stays, so it does not name the person.",
                ]
            ], required: ["reason"]),
        "Erased": .objectSchema(
            ["erased": ["type": "object", "additionalProperties": ["type": "integer", "minimum": 0]]], required: ["erased"]),
    ]
}
