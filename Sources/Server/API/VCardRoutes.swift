import CRM
import HTTPTypes
import NIOCore
import Records

/// Contacts as address books exchange them: `/v1/contacts/{id}/vcard` and `/v1/contacts/vcard`.
struct VCardRoutes: Sendable {
    var endpoints: [Endpoint] {
        [
            .person(.get, "/v1/contacts/{id}/vcard", Self.show, show),
            .person(.get, "/v1/contacts/vcard", Self.list, list),
            .person(.post, "/v1/contacts/vcard", Self.take, take),
        ]
    }

    private func show(_ call: Call, _ person: Person) async throws -> Reply {
        let store = try person.store("contacts")
        let view = try RecordStore.View(query: inclusion(person), of: store.type, in: person.catalog, for: person.caller)
        let answer = try await store.get(call.parameters["id"], view)
        let card = VCard(contact: try JSON(parsing: answer.body ?? []))
        return file(card.fileName, [card])
    }

    /// A page of the list of contacts; who takes it away needs the right to export.
    private func list(_ call: Call, _ person: Person) async throws -> Reply {
        guard person.rights["contacts"].export else { throw Problem(.forbidden, "Your role may not export contacts.") }
        let store = try person.store("contacts")
        let query = call.query.items + inclusion(person)
        let answer = try await store.list(try ListRequest(query: query, of: store.type, in: person.catalog, for: person.caller))
        let contacts = try JSON(parsing: answer.body)["data"]?.elements ?? []
        var reply = file("contacts.vcf", contacts.map(VCard.init(contact:)))
        reply.headers[.link] = call.page(answer).headers[.link]
        return reply
    }

    /// The organisation of a card is the name of its contact's company.
    private func inclusion(_ person: Person) -> [(name: String, value: String)] {
        person.rights.isHidden("company_id", of: "contacts") ? [] : [("include", "company")]
    }

    private func file(_ name: String, _ cards: [VCard]) -> Reply {
        var reply = Reply(contentType: "text/vcard; charset=utf-8", ByteBuffer(bytes: VCard.bytes(of: cards)))
        reply.headers[.contentDisposition] = "attachment; filename=\"\(name)\""
        return reply
    }

    private func take(_ call: Call, _ person: Person) async throws -> Reply {
        try call.require(["text/vcard", "text/x-vcard", "text/directory"])
        let person = person.allowingDuplicates(try call.allowsDuplicates)
        let upload = CardUpload(contacts: try person.store("contacts"), companies: try person.store("companies"), in: person.scope)
        let repetition = try await call.repeatable(person).map { CardUpload.Repetition($0, document: call.document) }
        return try await call.repeatablyReading(person) {
            RecordAnswer(status: 200, body: try await upload.take(try await call.bytes(), repetition).bytes)
        }
    }
}

extension Call {
    /// Refuses another form of body, or a packed one, with `.unsupportedMediaType`.
    func require(_ forms: [String]) throws(Problem) {
        guard let given = headers[.contentType].flatMap(MediaType.init), forms.contains(given.name) else {
            throw Problem(.unsupportedMediaType, "Send the body as \(forms[0]) and say so in Content-Type.")
        }
        if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw Problem(.unsupportedMediaType, "Send the body without a Content-Encoding.")
        }
    }
}

extension VCardRoutes {
    private static let show = Operation(
        "contacts.vcard", "A contact as a card for address books (vCard 4.0)", tag: "contacts", parameters: [.id()],
        responses: [
            200: ResponseDescription(
                "RFC 6350; what the caller's role does not show is not in it.", schema: ["type": "string"],
                contentType: "text/vcard; charset=utf-8", headers: [("Content-Disposition", "A name for the file.")])
        ])
    private static let list = Operation(
        "contacts.list_vcard", "List contacts as cards for address books (vCard 4.0), page by page; needs the right to export",
        tag: "contacts",
        parameters: [
            .limit, .after,
            Parameter("sort", in: .query, ["type": "string"], "Fields with commas between them, - before one for descending."),
            Parameter(
                "filter", in: .query, ["type": "object", "additionalProperties": ["type": "string"]],
                "filter[field]=value or filter[field][op]=value; all must hold.", isFamily: true),
        ],
        responses: [
            200: ResponseDescription(
                "RFC 6350, one card after the other; what the caller's role does not show is not in it.", schema: ["type": "string"],
                contentType: "text/vcard; charset=utf-8",
                headers: [
                    ("Content-Disposition", "A name for the file."), ("Link", "The next page, rel=\"next\", if there is one."),
                ])
        ], problems: [.cursor])
    private static let take = Operation(
        "contacts.take_vcard",
        """
        Take cards (vCard 4.0, 3.0, 2.1) as contacts. A card changes the contact whose external_id or id is its UID, else the one with its \
        e-mail address, and only in what the card has; other cards make contacts. The company is the one of exactly the organisation's name, \
        else a new one where the caller may make it. Each card is taken or refused by itself
        """, tag: "contacts", parameters: [.idempotencyKey, .allowDuplicate],
        body: BodyDescription(
            ["type": "string", "description": .string("At most \(VCard.Reading.most) cards.")], contentTypes: ["text/vcard"]),
        responses: [200: ResponseDescription("What became of the cards.", schema: ["$ref": "#/components/schemas/CardUpload"])],
        problems: [.idempotencyRunning, .idempotencyMismatch], cost: .bulk)

    static let schemas: [String: JSON] = [
        "CardUpload": .objectSchema(
            [
                "created": ["type": "array", "items": .idSchema], "updated": ["type": "array", "items": .idSchema],
                "problems": ["type": "array", "items": ["$ref": "#/components/schemas/CardProblem"]],
            ], required: ["created", "updated", "problems"]),
        "CardProblem": .objectSchema(
            [
                "index": ["type": "integer", "minimum": 0, "description": "Which card, from 0."],
                "line": ["type": ["integer", "null"], "minimum": 1, "description": "Where in the text."],
                "pointer": ["type": ["string", "null"], "description": "Which field of the contact."],
                "code": [
                    "type": "string",
                    "description": "warning: taken without this; refused, or the code of a problem: the card was not taken.",
                ],
                "detail": ["type": "string"],
            ], required: ["index", "line", "pointer", "code", "detail"]),
    ]
}
