import Foundation
import Records
import Secrets

/// One step of a pipeline.
struct Stage: Sendable, Hashable {
    static let kinds = ["open", "won", "lost"]
    static let categories = ["pipeline", "best", "commit", "omitted"]
    static let maximum = 50

    var id = UUID.v7().text
    var name: String
    var kind = "open"
    var probability: Int
    /// In which figure of the forecast its deals count.
    var category = "pipeline"
    /// What a deal must have to come in.
    var required: [String] = []

    var json: JSON {
        [
            "id": .string(id), "name": .string(name), "kind": .string(kind), "probability": JSON(probability),
            "forecast_category": .string(category), "required_fields": JSON(required),
        ]
    }

    static let listSchema: JSON = [
        "type": "array", "minItems": 1, "maxItems": JSON(maximum),
        "items": [
            "type": "object", "required": ["name"], "additionalProperties": false,
            "properties": [
                "id": ["type": "string", "format": "uuid"], "name": ["type": "string", "minLength": 1, "maxLength": 500],
                "kind": ["type": "string", "enum": JSON(kinds)], "probability": ["type": "integer", "minimum": 0, "maximum": 100],
                "forecast_category": ["type": "string", "enum": JSON(categories)],
                "required_fields": ["type": "array", "items": ["type": "string"], "maxItems": 50],
            ],
        ],
    ]

    /// Reads the list of a body. Every error at once, each with its pointer; `isField` tells whether deals have a field of the name.
    static func read(_ list: [JSON], isField: @escaping (String) -> Bool) throws(Problem) -> [Stage] {
        var errors: [Problem.FieldError] = []
        if list.isEmpty { errors.append(.init("/stages", .required, "A pipeline has at least one stage.")) }
        if list.count > maximum { errors.append(.init("/stages", .tooLong, "At most \(maximum) stages.")) }
        var stages: [Stage] = []
        for (index, element) in list.enumerated() {
            var reader = Reader(element, at: "/stages/\(index)", isField: isField)
            let stage = reader.stage()
            if stages.contains(where: { $0.id == stage.id }) { reader.refuse("id", .duplicate, "This id stands twice.") }
            errors += reader.errors
            stages.append(stage)
        }
        guard errors.isEmpty else { throw .invalid(errors) }
        return stages
    }

    /// Reads one element of the list.
    private struct Reader {
        let element: JSON
        let place: String
        let isField: (String) -> Bool
        var errors: [Problem.FieldError] = []

        init(_ element: JSON, at place: String, isField: @escaping (String) -> Bool) {
            self.element = element
            self.place = place
            self.isField = isField
        }

        mutating func refuse(_ name: String, _ code: Problem.FieldCode, _ detail: String) {
            errors.append(.init("\(place)/\(name)", code, detail))
        }

        mutating func stage() -> Stage {
            guard let members = element.members else {
                errors.append(.init(place, .type, "A stage is an object, not \(element.kind)."))
                return Stage(name: "", probability: 0)
            }
            let known = ["id", "name", "kind", "probability", "forecast_category", "required_fields"]
            for member in members where !known.contains(member.name) {
                refuse(member.name.pointerToken, .unknown, "A stage has \(known.joined(separator: ", ")).")
            }
            let kind = word("kind", of: Stage.kinds) ?? "open"
            var stage = Stage(name: name(), kind: kind, probability: probability(of: kind))
            stage.category = word("forecast_category", of: Stage.categories) ?? (kind == "lost" ? "omitted" : "pipeline")
            stage.required = required()
            if let id = id() { stage.id = id }
            return stage
        }

        private mutating func id() -> String? {
            guard let given = element["id"], !given.isNull else { return nil }
            if let id = given.string.flatMap(UUID.init(text:)) { return id.text }
            refuse("id", .format, "This is the id of a stage: a UUID.")
            return nil
        }

        private mutating func name() -> String {
            guard let given = element["name"], !given.isNull else {
                refuse("name", .required, "A stage has a name.")
                return ""
            }
            guard let text = given.string else {
                refuse("name", .type, "This is a text, not \(given.kind).")
                return ""
            }
            let name = text.trimmingCharacters(in: .whitespacesAndNewlines)
            if name.isEmpty { refuse("name", .required, "A stage has a name.") }
            if name.unicodeScalars.count > 500 { refuse("name", .tooLong, "At most 500 characters.") }
            return name
        }

        private mutating func word(_ name: String, of words: [String]) -> String? {
            guard let given = element[name], !given.isNull else { return nil }
            if let word = given.string, words.contains(word) { return word }
            refuse(name, given.string == nil ? .type : .enum, "This is one of \(words.joined(separator: ", ")).")
            return nil
        }

        private mutating func probability(of kind: String) -> Int {
            guard let given = element["probability"], !given.isNull else { return kind == "won" ? 100 : 0 }
            guard case .number = given, let number = given.integer else {
                refuse("probability", .type, "This is a whole number.")
                return 0
            }
            if !(0...100).contains(number) { refuse("probability", .range, "This lies between 0 and 100.") }
            return number
        }

        private mutating func required() -> [String] {
            guard let given = element["required_fields"], !given.isNull else { return [] }
            guard let elements = given.elements else {
                refuse("required_fields", .type, "This is a list of a deal's fields, not \(given.kind).")
                return []
            }
            if elements.count > 50 { refuse("required_fields", .tooLong, "At most 50 fields.") }
            var names: [String] = []
            for (index, element) in elements.enumerated() {
                guard let name = element.string, isField(name) else {
                    refuse("required_fields/\(index)", element.string == nil ? .type : .unknown, "A deal has no field of this name.")
                    continue
                }
                if !names.contains(name) { names.append(name) }
            }
            return names
        }
    }
}
