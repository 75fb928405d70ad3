import Records

/// Everything at once, by words: `/v1/search`.
struct SearchRoutes: Sendable {
    private let catalog: Catalog

    init(_ catalog: Catalog) {
        self.catalog = catalog
    }

    var endpoints: [Endpoint] {
        [.person(.get, "/v1/search", search, find)]
    }

    private func find(_ call: Call, _ person: Person) async throws -> Reply {
        let limit = try call.query.integer("limit", in: SearchRequest.limits, otherwise: 20)
        let request = try SearchRequest(words: call.query["q"], types: call.query["types"], limit: limit, in: person.catalog)
        let hits = try await Search(of: person.catalog, in: person.scope, for: person.caller).find(request)
        return .json(["data": .array(hits.map(Self.document))])
    }

    private static func document(_ hit: Search.Hit) -> JSON {
        [
            "type": .string(hit.type), "id": .string(hit.id), "title": .string(hit.title), "snippet": .string(hit.snippet),
            "score": .number(String(hit.score)),
        ]
    }
}

extension SearchRoutes {
    private var search: Operation {
        Operation(
            "search", "Find records of any type by words", tag: "Search",
            parameters: [
                Parameter(
                    "q", in: .query, ["type": "string", "minLength": 1, "maxLength": 500, "pattern": "\\S"], required: true,
                    """
                    Up to 20 words in any order, each whole or its beginning. Accents and case do not matter; Chinese, Japanese, Korean and Thai \
                    are found by any part; telephone numbers with or without their country, and by their last digits.
                    """),
                Parameter(
                    "types", in: .query, ["type": "string"],
                    "Only these, with commas between them: \(catalog.types.filter(\.isSearchable).map(\.name).joined(separator: ", ")).",
                ),
                Parameter(
                    "limit", in: .query, ["type": "integer", "minimum": 1, "maximum": 50, "default": 20], "How many to answer at most."),
            ],
            responses: [
                200: ResponseDescription(
                    "The best first.", schema: .listSchema(of: ["$ref": "#/components/schemas/SearchHit"], paged: false))
            ], cost: .computing)
    }

    static let schemas: [String: JSON] = [
        "SearchHit": .objectSchema(
            [
                "type": ["type": "string"], "id": .idSchema,
                "title": ["type": "string", "description": "What people call the record, as far as the caller may see it."],
                "snippet": ["type": "string", "description": "Some of its other text, around what was found; without markup."],
                "score": ["type": "number", "minimum": 0, "maximum": 1, "description": "Whole words count most, then the title."],
            ], required: ["type", "id", "title", "snippet", "score"])
    ]
}
