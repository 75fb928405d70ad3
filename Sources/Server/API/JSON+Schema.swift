import Records

/// Pieces of JSON Schema (2020-12) that descriptions are made of.
extension JSON {
    package static let textSchema: JSON = ["type": "string", "minLength": 1, "maxLength": 500]
    /// A text that need not be there; null and an empty one are as none.
    package static let optionalTextSchema: JSON = ["type": ["string", "null"], "maxLength": 500]
    package static let idSchema: JSON = ["type": "string", "format": "uuid"]
    package static let timeSchema: JSON = ["type": "string", "format": "date-time"]

    /// An object with exactly these members, in alphabetical order.
    package static func objectSchema(_ members: [String: JSON], required: [String] = []) -> JSON {
        .object([
            .init("type", "object"), .init("additionalProperties", false), .init("required", JSON(required)),
            .init("properties", .object(members.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value) })),
        ])
    }

    /// `{"data": [...]}`, with `page` when it comes in pages.
    package static func listSchema(of item: JSON, paged: Bool = true) -> JSON {
        let list: JSON = ["type": "array", "items": item]
        guard paged else { return .objectSchema(["data": list], required: ["data"]) }
        return .objectSchema(
            [
                "data": list,
                "page": .objectSchema(
                    ["next": ["type": ["string", "null"]], "has_more": ["type": "boolean"], "count": ["type": "integer"]],
                    required: ["next", "has_more"]),
            ], required: ["data", "page"])
    }
}
