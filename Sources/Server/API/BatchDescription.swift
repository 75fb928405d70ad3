import Records

/// What a batch of one record type says about itself in OpenAPI.
struct BatchDescription {
    private let type: RecordType

    init(_ type: RecordType) {
        self.type = type
    }

    var components: [JSON.Member] {
        let name = RecordDescription.schemaName(type)
        return [.init("\(name)Batch", order), .init("\(name)BatchResults", results(of: ["$ref": .string("#/components/schemas/\(name)")]))]
    }

    private var order: JSON {
        let byID: [JSON] = [
            operation("create", ["body": Self.body], required: ["body"]),
            operation("update", ["id": Self.id, "version": Self.version, "body": Self.body], required: ["id", "body"]),
            operation("delete", ["id": Self.id, "version": Self.version], required: ["id"]),
        ]
        let byKey: [JSON] = [
            operation("update", ["key": key, "version": Self.version, "body": Self.body], required: ["key", "body"]),
            operation("upsert", ["key": key, "body": Self.body], required: ["key", "body"]),
            operation("delete", ["key": key, "version": Self.version], required: ["key"]),
        ]
        return .objectSchema(
            [
                "atomic": [
                    "type": "boolean", "default": false,
                    "description": "Whether nothing is written unless every operation succeeds; else each stands for itself.",
                ],
                "operations": [
                    "type": "array", "minItems": JSON(BatchOrder.sizes.lowerBound), "maxItems": JSON(BatchOrder.sizes.upperBound),
                    "items": ["oneOf": .array(type.keys().isEmpty ? byID : byID + byKey)],
                ],
            ], required: ["operations"])
    }

    private func operation(_ verb: String, _ members: [String: JSON], required: [String]) -> JSON {
        let common: [String: JSON] = ["op": ["type": "string", "enum": [.string(verb)]], "ref": Self.ref]
        return .objectSchema(common.merging(members) { $1 }, required: ["op"] + required)
    }

    private var key: JSON {
        let fields = type.keys().map { field -> JSON.Member in
            .init(field.path, field.isKeptAsNumber ? ["type": "integer"] : ["type": "string", "minLength": 1])
        }
        return [
            "type": "object", "additionalProperties": false, "minProperties": 1, "maxProperties": 1,
            "description": "The record with this value in a unique field; e-mail addresses and domains in any case.",
            "properties": .object(fields),
        ]
    }

    private static let id: JSON = ["type": "string", "description": "The record's id."]
    private static let version: JSON = [
        "type": ["integer", "null"], "minimum": 1, "maximum": JSON(Int(Int32.max)),
        "description": "The version last seen: refused with 412 when someone wrote meanwhile.",
    ]
    private static let ref: JSON = [
        "type": ["string", "null"], "minLength": 1, "maxLength": 100,
        "description": "A name of its own within the batch: later bodies refer to the record as {\"$ref\": \"...\"}.",
    ]
    private static let body: JSON = [
        "type": "object", "description": "As it would be sent alone; what is wrong with it is told in the operation's result.",
    ]

    private func results(of record: JSON) -> JSON {
        let common: [String: JSON] = [
            "status": ["type": "integer", "description": "What the operation would have been answered with alone."],
            "ref": ["type": ["string", "null"]], "id": ["type": ["string", "null"], "format": "uuid"],
        ]
        func result(_ name: String, _ schema: JSON) -> JSON {
            .objectSchema(common.merging([name: schema]) { $1 }, required: ["status", "ref", "id", name])
        }
        let kinds: JSON = [
            result("record", ["anyOf": [record, ["type": "null"]]]), result("problem", ["$ref": "#/components/schemas/Problem"]),
        ]
        return .objectSchema(
            ["operation_id": .idSchema, "results": ["type": "array", "items": ["oneOf": kinds]]], required: ["operation_id", "results"])
    }
}
