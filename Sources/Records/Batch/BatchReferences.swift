/// What the operations of a batch made of those before them, by their `ref`: later bodies refer to it as `{"$ref": "r1"}`.
struct BatchReferences: Sendable {
    private var ids: [String: (index: Int, id: String?)] = [:]

    private static let member = "$ref"

    /// - Parameter id: nil when the operation came to nothing.
    mutating func note(_ operation: BatchOrder.Operation, id: String?) {
        if let ref = operation.ref { ids[ref] = (operation.index, id) }
    }

    /// A body with ids in place of references, and the operations that it depends on.
    struct Resolved {
        var body: JSON
        var needs: Set<Int> = []
        /// Whether one of them has come to nothing already.
        var isLost = false
        var errors: [Problem.FieldError] = []
    }

    /// What documents hold is theirs: nothing in them is a reference.
    func resolve(_ body: JSON, of type: RecordType) -> Resolved {
        var resolved = Resolved(body: body)
        let members = (body.members ?? []).map { member in
            if case .document? = type.field(member.name)?.kind { return member }
            return JSON.Member(member.name, resolve(member.value, at: "/\(member.name.pointerToken)", &resolved))
        }
        resolved.body = .object(members)
        return resolved
    }

    private func resolve(_ value: JSON, at pointer: String, _ resolved: inout Resolved) -> JSON {
        switch value {
        case .array(let elements):
            return .array(elements.enumerated().map { resolve($1, at: "\(pointer)/\($0)", &resolved) })
        case .object(let members):
            guard members.count == 1, members[0].name == Self.member else {
                return .object(members.map { .init($0.name, resolve($0.value, at: "\(pointer)/\($0.name.pointerToken)", &resolved)) })
            }
            guard let ref = members[0].value.string, let known = ids[ref] else {
                resolved.errors.append(.init(pointer, .reference, "No operation before this one has this ref."))
                return .null
            }
            resolved.needs.insert(known.index)
            if known.id == nil { resolved.isLost = true }
            return JSON(known.id)
        default:
            return value
        }
    }
}
