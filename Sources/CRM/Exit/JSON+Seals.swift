import Records

extension JSON {
    /// The same without members that are sealed secrets.
    var withoutSeals: JSON {
        switch self {
        case .object(let members):
            .object(members.filter { SealedSecret.text(in: $0.value) == nil }.map { .init($0.name, $0.value.withoutSeals) })
        case .array(let elements): .array(elements.map(\.withoutSeals))
        default: self
        }
    }
}
