/// What a batch is asked to do: its operations in order, and whether all of them must succeed.
package struct BatchOrder: Sendable {
    let isAtomic: Bool
    let operations: [Operation]

    /// How many operations a batch may have.
    package static let sizes = 1...200

    package enum Verb: String, Sendable, Hashable, CaseIterable {
        case create, update, upsert, delete

        /// What an operation of the kind has beside `op` and `ref`.
        fileprivate var members: Set<String> {
            switch self {
            case .create: ["body"]
            case .update: ["id", "key", "version", "body"]
            case .upsert: ["key", "body"]
            case .delete: ["id", "key", "version"]
            }
        }
    }

    enum Target: Sendable {
        /// As it was given; what is no id means no record.
        case id(String)
        case key(BatchKey)
    }

    struct Operation: Sendable {
        let index: Int
        let verb: Verb
        /// Nil for a create.
        let target: Target?
        /// Its name for later bodies of the same batch.
        let ref: String?
        /// The version that it may meet; nil for any.
        let version: Int?
        /// An object; empty for a delete.
        let body: JSON

        /// Where the request has it (RFC 6901).
        var place: String { "/operations/\(index)" }
    }

    /// Refuses the whole batch with `.invalid` when it is no batch; what is wrong with a body concerns only its own operation.
    package init(_ body: JSON, of type: RecordType, for caller: Caller) throws(Problem) {
        var reading = BatchReading(keys: type.keys(for: caller))
        reading.members(body, ["atomic", "operations"], at: "")
        isAtomic = reading.flag(body["atomic"], at: "/atomic")
        var operations: [Operation] = []
        if let elements = reading.list(body["operations"], at: "/operations") {
            for (index, element) in elements.enumerated() {
                if let operation = reading.operation(element, index) { operations.append(operation) }
            }
        }
        guard reading.errors.isEmpty else { throw Problem.invalid(reading.errors) }
        self.operations = operations
    }
}

/// Reads a batch and keeps what is wrong with it.
private struct BatchReading {
    let keys: [FieldDefinition]
    var errors: [Problem.FieldError] = []
    private var refs: Set<String> = []

    init(keys: [FieldDefinition]) { self.keys = keys }

    mutating func refuse(_ pointer: String, _ code: Problem.FieldCode, _ detail: String) {
        errors.append(.init(pointer, code, detail))
    }

    mutating func members(_ value: JSON, _ known: Set<String>, at pointer: String) {
        for member in value.members ?? [] where !known.contains(member.name) {
            refuse(
                "\(pointer)/\(member.name.pointerToken)", .unknown,
                "There is no such member here: \(known.sorted().joined(separator: ", ")).")
        }
    }

    mutating func flag(_ value: JSON?, at pointer: String) -> Bool {
        guard let value else { return false }
        guard let flag = value.bool else {
            refuse(pointer, .type, "This is true or false, not \(value.kind).")
            return false
        }
        return flag
    }

    mutating func list(_ value: JSON?, at pointer: String) -> [JSON]? {
        guard let value else {
            refuse(pointer, .required, "A batch has operations.")
            return nil
        }
        guard let elements = value.elements else {
            refuse(pointer, .type, "This is a list of operations, not \(value.kind).")
            return nil
        }
        guard BatchOrder.sizes.contains(elements.count) else {
            let sizes = BatchOrder.sizes
            let sentence = "A batch has \(sizes.lowerBound) to \(sizes.upperBound) operations, not \(elements.count)."
            refuse(pointer, elements.isEmpty ? .required : .tooLong, sentence)
            return nil
        }
        return elements
    }

    mutating func operation(_ value: JSON, _ index: Int) -> BatchOrder.Operation? {
        let place = "/operations/\(index)"
        guard value.members != nil else {
            refuse(place, .type, "An operation is an object, not \(value.kind).")
            return nil
        }
        guard let word = value["op"] else {
            refuse("\(place)/op", .required, "An operation says what it does.")
            return nil
        }
        guard let verb = word.string.flatMap(BatchOrder.Verb.init(rawValue:)) else {
            let verbs = BatchOrder.Verb.allCases.map(\.rawValue).joined(separator: ", ")
            refuse("\(place)/op", word.string == nil ? .type : .enum, "This is one of \(verbs).")
            return nil
        }
        members(value, verb.members.union(["op", "ref"]), at: place)
        return BatchOrder.Operation(
            index: index, verb: verb, target: target(of: value, verb, place), ref: ref(value["ref"], at: "\(place)/ref"),
            version: version(value["version"], at: "\(place)/version"), body: body(value["body"], verb, at: "\(place)/body"))
    }

    private mutating func target(of value: JSON, _ verb: BatchOrder.Verb, _ place: String) -> BatchOrder.Target? {
        guard verb != .create else { return nil }
        if let key = value["key"] {
            if verb != .upsert, value["id"] != nil {
                refuse("\(place)/key", .unknown, "A record is meant by its id or by a key, not both.")
            }
            return self.key(key, at: "\(place)/key").map { .key($0) }
        }
        guard verb != .upsert else {
            refuse("\(place)/key", .required, "An upsert says by which field the record is found.")
            return nil
        }
        guard let id = value["id"] else {
            refuse("\(place)/id", .required, "Say which record, by its id or by a key.")
            return nil
        }
        guard let text = id.string else {
            refuse("\(place)/id", .type, "This is an id, not \(id.kind).")
            return nil
        }
        return .id(text)
    }

    private mutating func key(_ value: JSON, at place: String) -> BatchKey? {
        guard let members = value.members else {
            refuse(place, .type, "A key is an object such as {\"email\": \"ann@example.com\"}, not \(value.kind).")
            return nil
        }
        guard members.count == 1, let member = members.first else {
            refuse(place, .range, "A key is one field, not \(members.count).")
            return nil
        }
        let pointer = "\(place)/\(member.name.pointerToken)"
        guard let field = keys.first(where: { $0.path == member.name }) else {
            let names = keys.map(\.path).joined(separator: ", ")
            refuse(pointer, .unknown, keys.isEmpty ? "No field of this type is unique." : "The unique fields are \(names).")
            return nil
        }
        guard field.isKeptAsNumber ? member.value.integer != nil : member.value.string?.isEmpty == false else {
            refuse(pointer, .type, "This is a \(field.isKeptAsNumber ? "whole number" : "text"), and not empty.")
            return nil
        }
        return BatchKey(field: field, value: member.value)
    }

    private mutating func ref(_ value: JSON?, at pointer: String) -> String? {
        guard let value, !value.isNull else { return nil }
        guard let ref = value.string else {
            refuse(pointer, .type, "This is a text, not \(value.kind).")
            return nil
        }
        guard (1...100).contains(ref.unicodeScalars.count) else {
            refuse(pointer, ref.isEmpty ? .required : .tooLong, "This has 1 to 100 characters.")
            return nil
        }
        if !refs.insert(ref).inserted { refuse(pointer, .duplicate, "Another operation of the batch has this ref.") }
        return ref
    }

    private mutating func version(_ value: JSON?, at pointer: String) -> Int? {
        guard let value, !value.isNull else { return nil }
        guard let version = value.integer else {
            refuse(pointer, .type, "This is the version that was last seen, a whole number.")
            return nil
        }
        if !(1...Int(Int32.max)).contains(version) { refuse(pointer, .range, "Versions begin with 1.") }
        return version
    }

    private mutating func body(_ value: JSON?, _ verb: BatchOrder.Verb, at pointer: String) -> JSON {
        guard verb != .delete else { return .object([]) }
        guard let value else {
            refuse(pointer, .required, "This operation has a body.")
            return .object([])
        }
        if value.members == nil { refuse(pointer, .type, "A body is an object, not \(value.kind).") }
        return value
    }
}

extension FieldDefinition {
    /// Whether JSON has it as a number.
    package var isKeptAsNumber: Bool { if case .integer = kind { true } else { false } }
}
