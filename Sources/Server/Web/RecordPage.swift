import CRM
import Records

/// One record: its fields, what refers to it, what happened to it.
struct RecordPage: Sendable {
    private let visit: Visit
    private let type: RecordType
    private let id: String

    init(_ visit: Visit) throws(Problem) {
        self.visit = visit
        type = try visit.type(visit.call.parameters["type"])
        id = visit.call.parameters["id"]
    }

    func show() async throws -> Reply {
        let person = visit.person
        let store = person.store(type)
        let references = (type.fields + type.customFields).compactMap(\.includeName)
        let known = Set(type.includeNames(in: person.catalog))
        let include = references.filter { known.contains($0) && !person.rights.isHidden($0, of: type.name) }
        let query = include.isEmpty ? [] : [(name: "include", value: include.joined(separator: ","))]
        let view = try RecordStore.View(query: query, of: type, in: person.catalog, for: person.caller)
        let answer = try await store.following(id) { try await store.complete(try await store.get(id, view)) }
        let record = try answer.body.map { try JSON(parsing: $0) } ?? .null
        let title = RecordTitle.of(record, type, visit)
        let content: HTML = """
            <p class="crumb"><a href="/\(type.name)">\(visit.plural(type))</a></p>
            <div class="page-head"><h1>\(title)</h1>\(actions)</div>
            <dl class="fields">\(fields(of: record))</dl>
            \(try await related())
            \(try await timeline(store))
            """
        let state: JSON = ["kind": "record", "type": .string(type.name), "record": record]
        return PageFrame.inside(title, content, visit, section: type.name, script: "record.js", state: state)
    }

    private var actions: HTML {
        let words = visit.words
        let rights = visit.person.rights[type.name]
        let edit: HTML? =
            type.operations.contains(.update) && rights.update != .none
            ? "<a class=\"button\" href=\"/\(type.name)/\(id)/edit\">\(words("record.edit"))</a>" : nil
        let trash: HTML? =
            type.operations.contains(.trash) && rights.delete != .none
            ? """
            <form method="post" action="/\(type.name)/\(id)/trash"><input type="hidden" name="csrf" value="\(visit.proof)">\
            <button class="button quiet">\(words("record.trash"))</button></form>
            """ : nil
        return "<div class=\"actions\">\(edit)\(trash)</div>"
    }

    private func fields(of record: JSON) -> [HTML] {
        let values = ValueMarkup(visit)
        let shown =
            type.ownFields + type.customFields + [CommonFields.owner, CommonFields.tags, CommonFields.createdAt, CommonFields.updatedAt]
        return shown.filter { !$0.isWriteOnly && !visit.person.rights.isHidden($0.path, of: type.name) }.map { field in
            "<div><dt>\(visit.label(field, of: type))</dt><dd>\(values.cell(field, of: record, type))</dd></div>"
        }
    }

    /// The newest of each type whose records name this one.
    private func related() async throws -> [HTML] {
        let person = visit.person
        var parts: [HTML] = []
        for child in person.catalog.references(to: type) where child.field.name != CommonFields.owner.name {
            guard child.type.standing != .furniture, child.form != .any, person.rights[child.type.name].read != .none,
                child.type.operations.contains(.list), !person.rights.isHidden(child.field.path, of: child.type.name)
            else { continue }
            let op: JSON = child.form == .many ? "contains" : "eq"
            let body: JSON = [
                "where": ["field": .string(child.field.path), "op": op, "value": .string(id)], "limit": 20,
                "fields": JSON(child.type.titleFields.filter { !person.rights.isHidden($0.path, of: child.type.name) }.map(\.path)),
            ]
            let request = try ListRequest(body: body, of: child.type, in: person.catalog, for: person.caller)
            let list = try JSON(parsing: try await person.store(child.type).list(request).body)
            let records = list["data"]?.elements ?? []
            guard !records.isEmpty else { continue }
            let items = records.map { record -> HTML in
                let title = RecordTitle.of(record, child.type, visit)
                return "<li><a href=\"/\(child.type.name)/\(record["id"]?.string ?? "")\">\(title)</a></li>"
            }
            parts.append("<section><h2>\(visit.plural(child.type))</h2><ul>\(items)</ul></section>")
        }
        return parts
    }

    private func timeline(_ store: RecordStore) async throws -> HTML? {
        guard type.operations.contains(.timeline) else { return nil }
        let list = try JSON(parsing: try await store.timeline(id, limit: 20, after: nil).body)
        let values = ValueMarkup(visit)
        let items = (list["data"]?.elements ?? []).map { entry -> HTML in
            let at = values.markup(entry["at"] ?? .null, CommonFields.createdAt, type)
            return "<li>\(at) \(entry["actor"]?["name"]?.string ?? "") \(entry["summary"]?.string ?? "")</li>"
        }
        return "<section><h2>\(visit.words("record.timeline"))</h2><ul class=\"timeline\">\(items)</ul></section>"
    }
}
