/// Which records an export takes along, with which fields and in which form; checked for the one who asks.
package struct ExportRequest: Sendable {
    package enum Form: String, Sendable, CaseIterable {
        case csv, jsonl, vcard
    }

    package let form: Form
    let filter: Filter
    /// Nil: by id.
    let sort: Sort?
    /// Names of fields, those of the tenant's own as `custom.<name>`; nil for all that the caller sees.
    let fields: [String]?
    /// Only what has changed after it.
    let since: ExportMark?

    /// Refuses with `.invalid` and pointers into the order: `/where`, `/view_id`, `/fields`, `/since`.
    ///
    /// - Parameter list: the view whose records they are, in its order.
    package init(
        _ form: Form, conditions: JSON? = nil, list: StoredList? = nil, fields: [String]? = nil, since: String? = nil, in store: RecordStore
    ) throws(Problem) {
        self.form = form
        self.fields = fields
        var errors = fields.map { Self.errors(in: $0, of: store) } ?? []
        var filter = Filter.all([])
        var sort: Sort?
        do {
            if let conditions {
                var reader = FilterReader(type: store.type, catalog: store.catalog, caller: store.caller)
                filter = try reader.read(conditions, at: "/where")
            }
            if let list {
                filter = .all([filter, try list.filter(in: store.catalog, for: store.caller)])
                sort = try list.sort.map { text throws(Refused) in try Sort(text, in: store.type, for: store.caller) }
            }
        } catch let refusal as FilterRefused {
            errors += refusal.errors
        } catch {
            errors.append(.init("/view_id", .unknown, "The view names a field that is not there (any more)."))
        }
        (self.filter, self.sort) = (filter, sort)
        self.since = since.flatMap { ExportMark($0, of: store) }
        if since != nil, self.since == nil {
            errors.append(.init("/since", .format, "This is no cursor of an export of \(store.type.name); begin with a whole export."))
        }
        if form == .vcard {
            if store.type.name != "contacts" { errors.append(.init("/format", .enum, "Only contacts are cards; take csv or jsonl.")) }
            if fields != nil { errors.append(.init("/fields", .unknown, "A card has the fields that cards have.")) }
            if since != nil {
                errors.append(.init("/since", .unknown, "Cards cannot say that a contact was deleted; take csv or jsonl."))
            }
        }
        guard errors.isEmpty else { throw .invalid(errors) }
    }

    private static func errors(in fields: [String], of store: RecordStore) -> [Problem.FieldError] {
        let (type, rights) = (store.type, store.caller.rights)
        return fields.enumerated().compactMap { index, name in
            if let field = type.field(name), !field.isWriteOnly, !rights.isHidden(name, of: type.name) { return nil }
            return .init("/fields/\(index)", .unknown, "A \(type.singular) has no field \(name.prefix(100)).")
        }
    }
}
