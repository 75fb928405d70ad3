import Records

extension JSON {
    /// Without the members and elements that these pointers name.
    func leavingOut(_ pointers: Set<String>, at place: String = "") -> JSON {
        if let members {
            return .object(
                members.compactMap { member in
                    let pointer = "\(place)/\(member.name.pointerToken)"
                    return pointers.contains(pointer) ? nil : .init(member.name, member.value.leavingOut(pointers, at: pointer))
                })
        }
        guard let elements else { return self }
        let kept = elements.enumerated().map { ("\(place)/\($0)", $1) }.filter { pointer, _ in !pointers.contains(pointer) }
        return .array(kept.map { pointer, element in element.leavingOut(pointers, at: pointer) })
    }
}
