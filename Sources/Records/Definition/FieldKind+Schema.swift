extension FieldDefinition {
    /// JSON Schema of the value as an answer shows it.
    package var answerSchema: JSON {
        switch kind {
        case .identifier: described(["type": "string", "format": "uuid"])
        case .integer where isReadOnly: described(["type": "integer", "minimum": 1])
        case .time:
            described(
                name == "deleted_at" ? ["type": ["string", "null"], "format": "date-time"] : ["type": "string", "format": "date-time"])
        case .actor:
            described([
                "type": ["object", "null"], "required": ["type", "id"], "additionalProperties": false,
                "properties": [
                    "type": ["type": "string", "enum": JSON(Actor.Kind.allCases.map(\.rawValue))],
                    "id": ["type": "string", "format": "uuid"],
                ],
            ])
        case .tags, .references: described(["type": "array", "items": ["type": "string"]])
        case .address: described(Self.address(required: true))
        case .custom: described(["type": "object"])
        case .document: described(["type": "object"])
        case .choice(let options) where isRequired: described(["type": "string", "enum": JSON(options)])
        case .choice where name == "status" || name == "digest": described(["type": "string"])
        default: inputSchema
        }
    }

    /// JSON Schema of the value as a body brings it.
    package var inputSchema: JSON {
        switch kind {
        case .text(let maximum): described(["type": nullable("string"), "maxLength": JSON(maximum)])
        case .email, .domain, .phone, .website, .language, .timeZone: described(["type": nullable("string"), "maxLength": 500])
        case .choice(let options):
            described(["type": nullable("string"), "enum": .array(options.map { .string($0) } + (isRequired ? [] : [.null]))])
        case .integer(let range):
            described(["type": nullable("integer"), "minimum": JSON(range.lowerBound), "maximum": JSON(range.upperBound)])
        case .flag: described(["type": ["boolean", "null"]])
        case .date: described(["type": nullable("string"), "format": "date"])
        case .time: described(["type": nullable("string"), "format": "date-time"])
        case .reference, .identifier: described(["type": nullable("string"), "format": "uuid"])
        case .references:
            described(["type": ["array", "null"], "items": ["type": "string", "format": "uuid"], "maxItems": 200])
        case .tags:
            described(["type": ["array", "null"], "items": ["type": "string", "minLength": 1, "maxLength": 100], "maxItems": 50])
        case .address: described(Self.address(required: false))
        case .custom: described(["type": ["object", "null"], "additionalProperties": false])
        case .document(let schema): described(schema)
        case .secret: described(["type": "string"])
        case .actor: described(["type": "object"])
        }
    }

    private func nullable(_ type: String) -> JSON {
        isRequired ? .string(type) : [.string(type), "null"]
    }

    private func described(_ schema: JSON) -> JSON {
        .object((schema.members ?? []) + [.init("description", .string(help))])
    }

    private static func address(required: Bool) -> JSON {
        let part: JSON = ["type": ["string", "null"], "maxLength": 500]
        var members: [JSON.Member] = [
            .init("type", ["object", "null"]), .init("additionalProperties", false),
            .init("properties", .object(Address.parts.map { .init($0.name, part) })),
        ]
        if required { members.append(.init("required", JSON(Address.parts.map(\.name)))) }
        return .object(members)
    }
}

extension RecordType {
    /// What a create brings (`isPatch` false) or a patch.
    package func inputSchema(isPatch: Bool, for caller: Caller? = nil) -> JSON {
        let fields = self.fields.filter { !$0.isReadOnly && caller?.rights.isHidden($0.name, of: name) != true }
        let required = isPatch ? [] : fields.filter(\.isRequired).map(\.name)
        var members: [JSON.Member] = [
            .init("type", "object"), .init("additionalProperties", false),
            .init("properties", .object(fields.map { .init($0.name, $0.inputSchema) })),
        ]
        if !required.isEmpty { members.append(.init("required", JSON(required))) }
        return .object(members)
    }

    /// A record as an answer shows it. With `fields` only some members come, so none but the id is promised.
    package func answerSchema(in catalog: Catalog, for caller: Caller? = nil) -> JSON {
        let fields = self.fields.filter { !$0.isWriteOnly && caller?.rights.isHidden($0.name, of: name) != true }
        let included: [JSON.Member] = includeNames(in: catalog).map { .init($0, ["description": "Only when included."]) }
        return [
            "type": "object", "additionalProperties": false, "required": ["id"],
            "properties": .object(fields.map { .init($0.name, $0.answerSchema) } + included),
        ]
    }
}
