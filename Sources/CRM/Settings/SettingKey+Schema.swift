import Records

extension TenantSettings {
    /// JSON Schema of a merge patch: every member may be left out, and null brings its default back.
    package static let patchSchema: JSON = SettingKind.group(keys).patchSchema

    /// JSON Schema of the answer: every key is there, but for those that the reader may not see.
    package static let answerSchema: JSON = SettingKind.group(keys).answerSchema
}

extension SettingKey {
    fileprivate var patchSchema: JSON {
        var members = (kind.patchSchema.members ?? []) + [.init("description", .string(help))]
        if case .value(let value) = standard, !value.isNull { members.append(.init("default", value)) }
        if let feature { members.append(.init("x-feature", .string(feature.rawValue))) }
        return .object(members)
    }

    fileprivate var answerSchema: JSON {
        let schema = kind.answerSchema.members ?? []
        return .object((kind.isGroup || !standard.isNothing ? schema : schema.map(\.nullable)) + [.init("description", .string(help))])
    }

    fileprivate var entrySchema: JSON { .object((kind.valueSchema.members ?? []) + [.init("description", .string(help))]) }
}

extension SettingKind {
    fileprivate var isGroup: Bool {
        switch self {
        case .group, .secret: true
        default: false
        }
    }

    fileprivate var patchSchema: JSON {
        switch self {
        case .group(let keys): Self.object(keys.map { .init($0.name, $0.patchSchema) }, required: [], isNullable: true)
        case .secret(let maximum):
            [
                "type": ["string", "object", "null"], "maxLength": JSON(maximum), "required": ["set"], "additionalProperties": false,
                "properties": ["set": ["type": "boolean", "description": "True: the secret stays as it is."]],
            ]
        default: .object((valueSchema.members ?? []).map(\.nullable))
        }
    }

    fileprivate var answerSchema: JSON {
        switch self {
        case .group(let keys):
            Self.object(
                keys.map { .init($0.name, $0.answerSchema) }, required: keys.filter { !$0.isForAdministrators }.map(\.name),
                isNullable: false)
        case .secret: Self.object([.init("set", ["type": "boolean"])], required: ["set"], isNullable: false)
        default: valueSchema
        }
    }

    /// Of a value that is there.
    fileprivate var valueSchema: JSON {
        switch self {
        case .line(let form), .text(let form): .object([.init("type", "string")] + form.schema)
        case .host: ["type": "string", "maxLength": 500]
        case .choice(let options): ["type": "string", "enum": JSON(options)]
        case .integer(let range): ["type": "integer", "minimum": JSON(range.lowerBound), "maximum": JSON(range.upperBound)]
        case .flag: ["type": "boolean"]
        case .list(let element, let maximum):
            ["type": "array", "maxItems": JSON(maximum), "uniqueItems": true, "items": element.valueSchema]
        case .entry(let keys): Self.object(keys.map { .init($0.name, $0.entrySchema) }, required: keys.map(\.name), isNullable: false)
        case .group, .secret: .object([])
        }
    }

    private static func object(_ members: [JSON.Member], required: [String], isNullable: Bool) -> JSON {
        [
            "type": isNullable ? ["object", "null"] : "object", "additionalProperties": false, "required": JSON(required),
            "properties": .object(members),
        ]
    }
}

extension JSON.Member {
    /// The same member of a schema that allows null too.
    fileprivate var nullable: JSON.Member {
        switch (name, value) {
        case ("type", .string): .init(name, [value, "null"])
        case ("enum", .array(let options)): .init(name, .array(options + [.null]))
        default: self
        }
    }
}
