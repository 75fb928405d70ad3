import Records

extension JSON {
    /// Without the members and elements that these pointers name.
    func leavingOut(_ pointers: Set<String>, at place: String = "") -> JSON {
        if let members {
            let kept = members.map { (pointer: "\(place)/\($0.name.pointerToken)", member: $0) }.filter { !pointers.contains($0.pointer) }
            return .object(kept.map { .init($0.member.name, $0.member.value.leavingOut(pointers, at: $0.pointer)) })
        }
        guard let elements else { return self }
        let kept = elements.enumerated().map { (pointer: "\(place)/\($0)", element: $1) }.filter { !pointers.contains($0.pointer) }
        return .array(kept.map { $0.element.leavingOut(pointers, at: $0.pointer) })
    }
}
