import Foundation
import Postgres
import Records
import Tenancy

/// What someone asks for with `POST /v1/exports`: as it was asked, and what it means for the one who asks.
package struct ExportOrder: Sendable {
    let type: String
    let form: ExportRequest.Form
    /// `where`, `view_id`, `fields`, `since`.
    let conditions: JSON

    /// Reads a body; its names are checked when the order is looked at (`request`).
    package init(_ body: JSON) throws(Problem) {
        var errors: [Problem.FieldError] = []
        for member in body.members ?? [] where !(["type", "format"] + Self.conditions).contains(member.name) {
            errors.append(
                .init("/\(member.name.pointerToken)", .unknown, "An export knows type, format, where, view_id, fields and since."))
        }
        func text(_ name: String, required: Bool = false) -> String? {
            guard let value = body[name], !value.isNull else {
                if required { errors.append(.init("/\(name)", .required, "This is needed.")) }
                return nil
            }
            guard let text = value.string else {
                errors.append(.init("/\(name)", .type, "This is a text, not \(value.kind)."))
                return nil
            }
            return text
        }
        let type = text("type", required: true)
        let format = text("format", required: true)
        let form = format.flatMap(ExportRequest.Form.init(rawValue:))
        if format != nil, form == nil { errors.append(.init("/format", .enum, "This is csv, jsonl or vcard.")) }
        let view = text("view_id")
        if let view, UUID(text: view) == nil { errors.append(.init("/view_id", .reference, "There is no such view.")) }
        _ = text("since")
        if let fields = body["fields"], !fields.isNull {
            let names = fields.elements ?? []
            if fields.elements == nil { errors.append(.init("/fields", .type, "This is a list of names, not \(fields.kind).")) }
            if fields.elements != nil, !(1...500).contains(names.count) {
                errors.append(.init("/fields", .range, "This names 1 to 500 fields."))
            }
            for (index, name) in names.enumerated() where name.string == nil {
                errors.append(.init("/fields/\(index)", .type, "This is a name, not \(name.kind)."))
            }
        }
        guard errors.isEmpty, let type, let form else { throw .invalid(errors) }
        self.init(type, form, .object((body.members ?? []).filter { Self.conditions.contains($0.name) && !$0.value.isNull }))
    }

    init(_ type: String, _ form: ExportRequest.Form, _ conditions: JSON) {
        (self.type, self.form, self.conditions) = (type, form, conditions)
    }

    private static let conditions = ["where", "view_id", "fields", "since"]

    /// The order as its caller may have it now. Refuses with `.forbidden` without the right to read or to export, with `.invalid` what the
    /// type, the view or the fields do not allow.
    func request(in scope: TenantScope, of catalog: Catalog, for caller: Caller) async throws -> (RecordStore, ExportRequest) {
        guard let type = catalog[type], type.operations.contains(.list) else {
            throw Problem.invalid([.init("/type", .unknown, "There is no such record type.")])
        }
        guard caller.rights[type.name].read != .none, caller.rights[type.name].export else {
            throw Problem(.forbidden, "Your role may not export \(type.name).")
        }
        let store = RecordStore(type, of: catalog, in: scope, for: caller)
        let request = try ExportRequest(
            form, conditions: conditions["where"], list: try await list(store),
            fields: conditions["fields"]?.elements?.compactMap(\.string),
            since: conditions["since"]?.string, in: store)
        return (store, request)
    }

    private func list(_ store: RecordStore) async throws -> StoredList? {
        guard let id = conditions["view_id"]?.string else { return nil }
        guard let list = try await Views.list(id, in: store) else {
            throw Problem.invalid([.init("/view_id", .reference, "There is no such view.")])
        }
        guard list.type == store.type.name else {
            throw Problem.invalid([.init("/view_id", .reference, "This view lists \(list.type), not \(store.type.name).")])
        }
        return list
    }
}
