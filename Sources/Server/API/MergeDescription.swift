import Records

/// What a merge takes and answers, for OpenAPI.
enum MergeDescription {
    static let order: JSON = .objectSchema(
        [
            "from": [
                "type": "array", "items": .idSchema, "minItems": 1, "maxItems": 50, "uniqueItems": true,
                "description": "The records that become this one.",
            ],
            "choose": [
                "type": "object", "additionalProperties": .idSchema,
                "description": """
                By the name of a field (`custom.<name>` for own ones) the record whose value it takes. Others keep their value, or take the \
                first that is set among `from`; tags are united.
                """,
            ],
            "dry_run": ["type": "boolean", "description": "True: the answer, and nothing written."],
        ], required: ["from"])

    static func answer(_ record: JSON) -> JSON {
        .objectSchema(
            [
                "record": record,
                "moved": [
                    "type": "object", "additionalProperties": ["type": "integer", "minimum": 1],
                    "description": "By type, how many records refer to this one instead of one of the others.",
                ],
                "operation_id": ["type": ["string", "null"], "description": "What undoes it; null when nothing was written."],
            ], required: ["record", "moved", "operation_id"])
    }
}
