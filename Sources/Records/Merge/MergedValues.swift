/// What the fields of a record hold after others have been merged into it.
struct MergedValues {
    let type: RecordType
    let caller: Caller
    let order: MergeOrder
    /// By id: what the fields of each record hold, as the change log writes them.
    let fields: [String: JSON]

    /// The fields that change. `isThere` tells of records that fields refer to: what cannot be referred to is not taken along unasked.
    func changes(_ isThere: (String) -> Bool) -> [(field: FieldDefinition, value: JSON)] {
        type.loggedFields.filter { !$0.isReadOnly }.compactMap { field in
            let value = value(of: field, isThere)
            return value == held(field, by: order.winner) ? nil : (field, value)
        }
    }

    /// The records, by their types, that the losers' fields refer to.
    var mentioned: [String: Set<String>] {
        var mentioned: [String: Set<String>] = [:]
        for field in type.loggedFields {
            guard let target = field.target else { continue }
            for loser in order.losers { mentioned[target, default: []].formUnion(held(field, by: loser).ids) }
        }
        return mentioned
    }

    private func value(of field: FieldDefinition, _ isThere: (String) -> Bool) -> JSON {
        if let giver = order.choices[field.path] { return outward(field, of: giver) }
        let own = outward(field, of: order.winner)
        let isOpen = !caller.rights.isHidden(field.path, of: type.name) && !caller.rights.isReadOnly(field.path, of: type.name)
        guard isOpen, !type.rules.keptInMerges.contains(field.name) else { return own }
        if field == CommonFields.tags { return JSON(united(field)) }
        guard own.isUnset else { return own }
        let others = order.losers.map { outward(field, of: $0) }
        return others.first { !$0.isUnset && (field.target == nil || $0.ids.allSatisfy(isThere)) } ?? own
    }

    /// The winner's tags first, each once.
    private func united(_ field: FieldDefinition) -> [String] {
        ([order.winner] + order.losers).flatMap { held(field, by: $0).ids }.reduce(into: []) { tags, tag in
            if !tags.contains(tag) { tags.append(tag) }
        }
    }

    private func held(_ field: FieldDefinition, by id: String) -> JSON { fields[id]?[field.path] ?? .null }

    /// What the record's field holds, without references to those that become one with it: nobody is his own parent.
    private func outward(_ field: FieldDefinition, of id: String) -> JSON {
        guard field.target == type.name else { return held(field, by: id) }
        return held(field, by: id).without(Set(order.losers + (id == order.winner ? [] : [order.winner])))
    }
}

extension JSON {
    /// Null and what stands for nothing: no element, no part, a flag that nobody has raised.
    fileprivate var isUnset: Bool {
        isNull || bool == false || elements?.isEmpty == true || members?.allSatisfy(\.value.isNull) == true
    }

    /// The words in a word or a list of words.
    fileprivate var ids: [String] { string.map { [$0] } ?? (elements ?? []).compactMap(\.string) }

    fileprivate func without(_ ids: Set<String>) -> JSON {
        if let string { return ids.contains(string) ? .null : self }
        return elements.map { .array($0.filter { !ids.contains($0.string ?? "") }) } ?? self
    }
}
