extension FieldDefinition {
    /// JSON Schema of the value as an answer shows it.
    package var answerSchema: JSON {
        switch kind {
        case .identifier: described(["type": "string", "format": "uuid"])
        case .actor:
            described([
                "type": ["object", "null"], "required": ["type", "id"], "additionalProperties": false,
                "properties": [
                    "type": ["type": "string", "enum": JSON(Actor.Kind.allCases.map(\.rawValue))],
                    "id": ["type": "string", "format": "uuid"],
                ],
            ])
        case .tags, .references, .choices: described(["type": "array", "items": ["type": "string"]])
        case .integers: described(["type": "array", "items": ["type": "integer"]])
        case .decimal: described(["type": ["string", "null"]])
        case .money: described(Self.money(isInput: false))
        case .record(let orType): described(Self.record(orType, isInput: false))
        case .localTime: described(Self.localTime)
        case .address: described(Self.address(required: true))
        case .custom(let fields):
            described([
                "type": "object", "additionalProperties": false, "required": JSON(fields.map(\.name)),
                "properties": .object(fields.map { .init($0.name, $0.answerSchema) }),
            ])
        case .document(let schema, let empty): described(empty.isNull ? [:] : ["type": schema["type"] ?? "object"])
        default: inputSchema
        }
    }

    /// JSON Schema of the value as a body brings it.
    package var inputSchema: JSON {
        switch kind {
        case .text(let maximum): described(["type": nullable("string"), "maxLength": JSON(maximum)])
        case .email, .domain, .phone, .website, .language, .timeZone: described(["type": nullable("string"), "maxLength": 500])
        case .choice(let options):
            described([
                "type": nullable("string"), "enum": .array(options.map { .string($0) } + (isRequired || isFilled ? [] : [.null])),
            ])
        case .choices(let options):
            described(["type": ["array", "null"], "items": ["type": "string", "enum": JSON(options)], "maxItems": JSON(options.count)])
        case .integers(let range, let maximum):
            described([
                "type": ["array", "null"], "maxItems": JSON(maximum),
                "items": ["type": "integer", "minimum": JSON(range.lowerBound), "maximum": JSON(range.upperBound)],
            ])
        case .decimal: described(["type": nullable("string"), "pattern": .string("^-?[0-9]{1,15}(\\.[0-9]{1,4})?$")])
        case .money: described(Self.money(isInput: true))
        case .currency: described(["type": nullable("string"), "pattern": "^[A-Z]{3}$"])
        case .record(let orType): described(Self.record(orType, isInput: true))
        case .localTime: described(Self.localTime)
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
        case .custom(let fields):
            described([
                "type": ["object", "null"], "additionalProperties": false,
                "properties": .object(fields.map { .init($0.name, $0.inputSchema) }),
            ])
        case .document(let schema, _): described(schema)
        case .secret: described(["type": "string"])
        case .computed(let schema): described(schema)
        case .actor: described(["type": "object"])
        }
    }

    private func nullable(_ type: String) -> JSON {
        isRequired || isFilled ? .string(type) : [.string(type), "null"]
    }

    private static func money(isInput: Bool) -> JSON {
        [
            "type": ["object", "null"], "required": ["amount", "currency"], "additionalProperties": false,
            "properties": [
                "amount": [
                    "type": "string", "pattern": .string("^-?[0-9]+(\\.[0-9]+)?$"),
                    "description": "Decimal text, up to 15 digits and as many decimals as the currency has.",
                ],
                "currency": ["type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217."],
            ],
        ]
    }

    private static func record(_ orType: Bool, isInput: Bool) -> JSON {
        [
            "type": ["object", "null"], "required": orType && isInput ? ["type"] : ["type", "id"], "additionalProperties": false,
            "properties": [
                "type": ["type": "string"], "id": ["type": orType ? ["string", "null"] : "string", "format": "uuid"],
            ],
        ]
    }

    private static let localTime: JSON = [
        "type": ["object", "null"], "required": ["local", "time_zone"], "additionalProperties": false,
        "properties": [
            "local": ["type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$"],
            "time_zone": ["type": "string", "description": "IANA."],
        ],
    ]

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
        let readOnly: JSON = [
            "type": "boolean", "enum": [true],
            "description": "Only there where the record lies beyond a limit of the plan: it can be read and deleted, not changed.",
        ]
        let limited: [JSON.Member] = standing == .furniture ? [] : [.init(Overflow.member, readOnly)]
        return [
            "type": "object", "additionalProperties": false, "required": ["id"],
            "properties": .object(fields.map { .init($0.name, $0.answerSchema) } + included + limited),
        ]
    }
}
