import Postgres

extension RecordType {
    /// What people call the record `r`, as far as the caller may see it: the parts of its name, else the first title field that is set.
    package func title(_ r: String, for caller: Caller) -> String {
        let visible = titleFields.filter { !caller.rights.isHidden($0.path, of: name) }
        let parts = visible.filter(\.isNamePart).map { "\(r).\($0.column)" }
        let whole = parts.isEmpty ? [] : ["nullif(concat_ws(' ', \(parts.joined(separator: ", "))), '')"]
        let others = visible.filter { !$0.isNamePart }.map { "\(r).\($0.column)::text" }
        return "coalesce(\((whole + others + ["''"]).joined(separator: ", ")))"
    }

    /// The name of the record `r` as the index over similar names has it; nil when the caller does not see all of it.
    func foldedName(_ r: String, for caller: Caller) -> String? {
        nameFields.contains { caller.rights.isHidden($0.path, of: name) } ? nil : foldedName(r)
    }

    /// The same, whoever asks; nil for a type without names.
    package func foldedName(_ r: String) -> String? {
        guard let first = nameFields.first else { return nil }
        guard first.isNamePart else { return "cell.search_fold(\(r).\(first.column))" }
        return "cell.search_fold(\(nameFields.map { "coalesce(\(r).\($0.column), '')" }.joined(separator: " || ' ' || ")))"
    }

    /// The fields that make up a record's name, as the index over similar names has it.
    package var nameFields: [FieldDefinition] {
        let parts = titleFields.filter(\.isNamePart)
        return parts.isEmpty ? Array(titleFields.prefix(1)) : parts
    }

    /// Everything that `q` looks through.
    var searchedFields: [FieldDefinition] { titleFields + ownFields.filter { $0.isSearched && !$0.isTitle } }

    /// The tenant's own texts that `q` looks into, as far as the caller sees them.
    private func ownTexts(for caller: Caller) -> [FieldDefinition] {
        (ownFields + customFields).filter { $0.hasOwnWords && !$0.isTitle && !caller.rights.isHidden($0.path, of: name) }
    }

    /// The records `r` that a query (`cell.search_query`) finds: all its words in the type's own fields, or all in one text that the tenant has
    /// added.
    ///
    /// The index knows every searched field. What a role must not see it must not find either, so for such a role it only leads to the
    /// records, whose visible fields are then compared.
    package func matching(_ query: SQL, _ r: String = "r", for caller: Caller) -> SQL {
        let own = ownTexts(for: caller).map { SQL(code: " OR \(FieldDefinition.words("\(r).\($0.column)")) @@ ") + query }
        let found = matchingOwn(query, r, for: caller)
        return own.isEmpty ? found : "(" + found + own.joined(separator: "") + ")"
    }

    private func matchingOwn(_ query: SQL, _ r: String, for caller: Caller) -> SQL {
        let found = SQL(code: "\(r).search @@ ") + query
        let visible = searchedFields.filter { !caller.rights.isHidden($0.path, of: name) }
        guard visible.count < searchedFields.count else { return found }
        let texts = visible.map { field in
            field.kind == .phone ? "\(r).\(field.column), cell.digits(\(r).\(field.column))" : "left(\(r).\(field.column)::text, 5000)"
        }
        let text = texts.isEmpty ? "''" : "concat_ws(' ', \(texts.joined(separator: ", ")))"
        return "(" + found + SQL(code: " AND cell.search_vector(\(text)) @@ ") + query + ")"
    }

    /// What may tell people more about the record `r` than its title: its other searched fields and what the records it refers to are called.
    func excerpts(_ r: String, in catalog: Catalog, for caller: Caller) -> SQL {
        let searched = searchedFields.filter { !$0.isNamePart && !caller.rights.isHidden($0.path, of: name) }
        let texts = (searched + ownTexts(for: caller))
            .map { SQL(code: "left(\(r).\($0.column)::text, 5000)") }
        let references = ownFields.compactMap { field -> SQL? in
            guard case .reference(let name) = field.kind, let target = catalog[name], target.isSearchable,
                !caller.rights.isHidden(field.path, of: self.name)
            else { return nil }
            return SQL(code: "(SELECT nullif(\(target.title("other", for: caller)), '') FROM \(target.table) AS other ")
                + SQL(code: "WHERE other.id = \(r).\(field.column) AND other.deleted_at IS NULL AND ") + caller.readable(target, "other")
                + ")"
        }
        let all = texts + references
        return "array_remove(ARRAY[" + all.joined(separator: ", ") + "]::text[], NULL)"
    }
}

extension FieldDefinition {
    /// The words of a tenant's own text, as its index has them.
    static func words(_ column: String) -> String { "cell.search_vector(left(coalesce(\(column), ''), 5000))" }
}
