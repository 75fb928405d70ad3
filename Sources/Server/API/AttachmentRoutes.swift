import Blobs
import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore
import Records
import Secrets

/// Files on records: `/v1/{type}/{id}/attachments` and `/v1/attachments/{id}`.
struct AttachmentRoutes: Sendable {
    private let blobs: any BlobStore
    private let limit: Int

    init(_ house: House) {
        blobs = house.installation.blobs
        limit = house.settings.fileLimit
    }

    /// What is known by the file's own id.
    var endpoints: [Endpoint] {
        [
            .person(.get, "/v1/attachments/{id}", Self.showing, show),
            .person(.get, "/v1/attachments/{id}/content", Self.reading, read),
            .person(.delete, "/v1/attachments/{id}", Self.removing, remove),
        ]
    }

    /// What the records of a type have.
    func endpoints(of type: RecordType) -> [Endpoint] {
        guard type.operations.contains(.attachments) else { return [] }
        return endpoints("/v1/\(type.name)/{id}/attachments", of: type) { call, person throws(Problem) in try person.store(type.name) }
    }

    /// The same for the types that tenants have made, whatever their names.
    var endpointsOfTenantTypes: [Endpoint] {
        let any = RecordType("{type}", singular: "record", fields: [])
        return endpoints("/v1/{type}/{id}/attachments", of: any) { call, person throws(Problem) in
            guard let own = person.catalog[call.parameters["type"]], own.isOfTenant else { throw .notFound }
            return person.store(own)
        }
    }

    private typealias Finder = @Sendable (Call, Person) throws(Problem) -> RecordStore

    private func endpoints(_ path: String, of type: RecordType, _ store: @escaping Finder) -> [Endpoint] {
        [
            .person(.get, path, Self.listing(type)) { call, person in try await list(call, person, try store(call, person)) },
            .person(.post, path, Self.uploading(type)) { call, person in try await upload(call, person, try store(call, person)) },
        ]
    }

    private func list(_ call: Call, _ person: Person, _ store: RecordStore) async throws -> Reply {
        let files = try await attachments(person).list(of: store, call.parameters["id"])
        return Reply(ByteBuffer(bytes: Array("{\"data\":[".utf8) + files.joined(separator: [UInt8(ascii: ",")]) + Array("]}".utf8)))
    }

    private func upload(_ call: Call, _ person: Person, _ store: RecordStore) async throws -> Reply {
        let record = call.parameters["id"]
        // A stranger's record is not there, whatever is wrong with the rest.
        try await store.find(record)
        let announced = call.headers[.contentLength].flatMap { Int($0) }
        let upload = Upload(
            to: record, in: store, name: try Self.name(call.query["name"]), contentType: try Self.contentType(call), announced: announced,
            limit: limit, blobs: blobs)
        let content = UploadedBytes(body: call.body.pieces)
        guard let repeatable = try repeatable(call, person, announced) else {
            return Reply(try await upload.take(content, repeatable: nil))
        }
        let answer = try await repeatable.perform(in: person.scope, content: content, document: call.document) {
            try await upload.take(content, repeatable: repeatable)
        }
        return Reply(answer)
    }

    /// The request as it is known before the content comes.
    private func repeatable(_ call: Call, _ person: Person, _ announced: Int?) throws(Problem) -> RepeatableUpload? {
        guard let key = try call.idempotencyKey else { return nil }
        let request = "\(call.method.rawValue) \(call.target)\n\(announced ?? -1) \(call.headers[.contentType] ?? "")"
        return RepeatableUpload(
            RepeatableRequest(credential: person.credentialID, key: key, fingerprint: Digest.sha256(request)))
    }

    private static func name(_ given: String?) throws(Problem) -> String {
        let name = (given ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        guard !name.isEmpty else { throw Problem(.malformed, "The query parameter \"name\" is the file's name.") }
        guard name.unicodeScalars.count <= 255, !name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw Problem(.malformed, "The query parameter \"name\" has at most 255 characters and no control characters.")
        }
        return name
    }

    private static func contentType(_ call: Call) throws(Problem) -> String {
        if let encoding = call.headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw Problem(.unsupportedMediaType, "Send the file without a Content-Encoding.")
        }
        guard let given = call.headers[.contentType] else { return SafeType.unknown }
        guard given.utf8.count <= 255, MediaType(given) != nil, given.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw Problem(.unsupportedMediaType, "Content-Type is a media type, as in application/pdf.")
        }
        return given
    }

    private func show(_ call: Call, _ person: Person) async throws -> Reply {
        Reply(ByteBuffer(bytes: try await attachments(person).get(try call.id()).document))
    }

    private func read(_ call: Call, _ person: Person) async throws -> Reply {
        let file = try await attachments(person).get(try call.id())
        let range = call.byteRange(of: file.size, tag: file.digest)
        if range == .nowhere {
            let problem = Problem(.rangeNotSatisfiable, "The file has \(file.size) bytes; the range begins behind them.")
            var refusal = Reply.problem(problem, instance: call.path, requestID: call.requestID)
            refusal.headers[.contentRange] = "bytes */\(file.size)"
            return refusal
        }
        var reply = try Reply.file(
            Attachment.key(file.id, of: person.tenant), in: blobs, size: file.size, name: file.name,
            contentType: SafeType.of(file.contentType), tag: file.digest, part: range.part, for: call)
        reply.headers[.contentSecurityPolicy] = "sandbox; default-src 'none'"
        return reply
    }

    private func remove(_ call: Call, _ person: Person) async throws -> Reply {
        try await call.repeatably(person) { repeatable in
            try await attachments(person).remove(try call.id(), repeatable: repeatable)
        }
    }

    private func attachments(_ person: Person) -> Attachments {
        Attachments(of: person.catalog, in: person.scope, for: person.caller)
    }
}

/// Under which type a file is given out: what a browser might run or show as a page is bytes and nothing more.
enum SafeType {
    static let unknown = "application/octet-stream"

    static func of(_ declared: String) -> String {
        guard let type = MediaType(declared) else { return unknown }
        let family = type.name.prefix { $0 != "/" }
        switch type.name {
        case "image/svg+xml": return unknown
        case "text/plain", "text/csv", "application/pdf", "application/json", "application/zip": return type.name
        case let name where name.hasPrefix("application/vnd.openxmlformats-officedocument.") && !name.hasSuffix("+xml"): return name
        default: return ["image", "audio", "video"].contains(family) && !type.name.hasSuffix("+xml") ? type.name : unknown
        }
    }
}

extension AttachmentRoutes {
    private static let tag = "Attachments"
    private static let file: JSON = ["$ref": "#/components/schemas/Attachment"]

    private static func listing(_ type: RecordType) -> Operation {
        Operation(
            "\(type.name).attachments", "The files on a record, the oldest first", tag: tag, parameters: parameters(of: type),
            responses: [
                200: ResponseDescription(
                    "All of them.",
                    schema: .objectSchema(["data": ["type": "array", "items": file]], required: ["data"]))
            ], problems: [.notFound])
    }

    private static func uploading(_ type: RecordType) -> Operation {
        Operation(
            "\(type.name).attach",
            """
            Put a file on a record that the caller may change: the body is the file as it is, however long, and Content-Type says what it is; \
            a PNG, JPEG, GIF, WebP or PDF that begins otherwise is refused. Its bytes count towards the plan's storage
            """, tag: tag,
            parameters: parameters(of: type) + [
                Parameter(
                    "name", in: .query,
                    [
                        "type": "string", "minLength": 1, "maxLength": 255,
                        "pattern": "^[^\\x00-\\x1f\\x7f-\\x9f]*\\S[^\\x00-\\x1f\\x7f-\\x9f]*$",
                    ],
                    required: true, "The file's name."), .idempotencyKey,
            ], body: BodyDescription(["type": "string", "format": "binary"], contentTypes: [SafeType.unknown], required: false),
            responses: [
                201: ResponseDescription("The file is there.", schema: file, headers: [("Location", "The file's address.")])
            ],
            problems: [
                .notFound, .planLimit, .conflict, .tooLarge, .requestTimeout, .unsupportedMediaType, .idempotencyRunning,
                .idempotencyMismatch,
            ])
    }

    private static func parameters(of type: RecordType) -> [Parameter] {
        (type.name == "{type}" ? [Parameter("type", in: .path, ["type": "string"], "The record type.")] : []) + [.id()]
    }

    private static let showing = Operation(
        "attachments.get", "What is known of a file", tag: tag, parameters: [.id("id", "The file's id.")],
        responses: [200: ResponseDescription("The file without its content.", schema: file)], problems: [.notFound])
    private static let reading = Operation(
        "attachments.content",
        """
        The content of a file, or the one range of bytes that `Range` asks for. Always to be saved, never to be shown: pages, scripts and \
        drawings are given out as application/octet-stream
        """, tag: tag,
        parameters: [
            .id("id", "The file's id."),
            Parameter("Range", in: .header, ["type": "string"], "`bytes=0-499`, `bytes=500-`, `bytes=-500`."),
            Parameter("If-Range", in: .header, ["type": "string"], "The ETag of the part at hand: of another content comes the whole."),
        ],
        responses: [
            200: ResponseDescription(
                "The whole.", schema: ["type": "string", "format": "binary"], contentType: "*/*",
                headers: [("ETag", "The content's SHA-256."), ("Content-Disposition", "`attachment` with the file's name.")]),
            206: ResponseDescription(
                "The range.", schema: ["type": "string", "format": "binary"], contentType: "*/*",
                headers: [("Content-Range", "Which bytes of how many.")]),
        ], problems: [.notFound, .rangeNotSatisfiable])
    private static let removing = Operation(
        "attachments.delete", "Take a file off its record, for good", tag: tag, parameters: [.id("id", "The file's id."), .idempotencyKey],
        responses: [204: ResponseDescription("It is gone.")],
        problems: [.notFound, .conflict, .idempotencyRunning, .idempotencyMismatch])

    static let schemas: [String: JSON] = [
        "Attachment": .objectSchema(
            [
                "id": .idSchema,
                "record": .objectSchema(["type": ["type": "string"], "id": .idSchema], required: ["type", "id"]),
                "name": ["type": "string"], "content_type": ["type": "string", "description": "As it was declared."],
                "size": ["type": "integer", "minimum": 0, "description": "In bytes."],
                "sha256": ["type": "string", "pattern": "^[0-9a-f]{64}$"], "created_at": ["type": "string", "format": "date-time"],
                "created_by": [
                    "anyOf": [
                        .objectSchema(["type": ["type": "string"], "id": .idSchema], required: ["type", "id"]), ["type": "null"],
                    ]
                ],
            ], required: ["id", "record", "name", "content_type", "size", "sha256", "created_at", "created_by"])
    ]
}
