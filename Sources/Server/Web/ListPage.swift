import CRM
import Foundation
import Records

/// The records of one type: a table with a search, one condition and a way to the next page; scripts make more of it.
struct ListPage: Sendable {
    private let visit: Visit
    private let type: RecordType

    init(_ visit: Visit) throws(Problem) {
        self.visit = visit
        type = try visit.type(visit.call.parameters["type"])
    }

    private var query: Query { visit.call.query }

    func show() async throws -> Reply {
        let store = visit.person.store(type)
        let view = try await view()
        let columns = columns(view)
        let sort = query["sort"] ?? view?["sort"]?.string ?? usualSort
        let body: JSON = .object(
            [
                .init("limit", JSON(50)), .init("fields", JSON(fields(for: columns))), .init("include", JSON(includes(for: columns))),
                .init("sort", .string(sort)), .init("count", "estimate"),
            ] + [condition().map { JSON.Member("where", $0) }, query["after"].map { .init("after", .string($0)) }, words].compactMap { $0 })
        var request = try ListRequest(body: body, of: type, in: visit.person.catalog, for: visit.person.caller)
        if let id = query["view"], view != nil { try await Views.narrow(&request, to: id, keepsOrder: true, in: store) }
        let answer = try JSON(parsing: try await store.list(request).body)
        let records = answer["data"]?.elements ?? []
        let title = view?["name"]?.string ?? visit.plural(type)
        let content: HTML = """
            <div class="page-head"><h1>\(title)</h1>\(newButton)</div>
            \(filters)
            \(records.isEmpty ? empty : table(columns, records))
            \(more(answer))
            """
        let state: JSON = [
            "kind": "list", "type": .string(type.name), "columns": JSON(columns.map(\.path)), "sort": .string(sort),
            "data": .array(records), "page": answer["page"] ?? .null,
        ]
        return PageFrame.inside(title, content, visit, section: type.name, script: script, state: state)
    }

    /// As `app.js` chooses.
    private var script: String {
        switch (type.name, query["view"]) {
        case ("deals", "board"): "board.js"
        case ("deals", "calendar"): "deals-calendar.js"
        case ("tasks", nil) where ["where", "q", "sort", "columns", "trash"].allSatisfy { query[$0] == nil }: "tasks.js"
        default: "list.js"
        }
    }

    private var usualSort: String { type.field("updated_at") == nil ? "-created_at" : "-updated_at" }

    /// The view that the address names, as its reader may see it; none for a board or a calendar, which are ways to show the same records.
    private func view() async throws -> JSON? {
        guard let id = query["view"], UUID(text: id) != nil else { return nil }
        let answer = try await visit.person.store("views").get(id)
        return try answer.body.map { try JSON(parsing: $0) }
    }

    private func columns(_ view: JSON?) -> [FieldDefinition] {
        let asked = query["columns"].map { $0.split(separator: ",").map(String.init) }
        let kept = (view?["columns"]?.elements ?? []).compactMap(\.string)
        let names = asked ?? (kept.isEmpty ? TypeDocument.columns(of: type, for: visit.person) : kept)
        return names.compactMap { name in
            type.field(name).flatMap { $0.isWriteOnly || visit.person.rights.isHidden($0.path, of: type.name) ? nil : $0 }
        }
    }

    private func fields(for columns: [FieldDefinition]) -> [String] {
        let titles = type.titleFields.filter { !visit.person.rights.isHidden($0.path, of: type.name) }.map(\.path)
        let names = ["version"] + titles + columns.map(\.path)
        return names.enumerated().filter { names.firstIndex(of: $1) == $0 }.map(\.element)
    }

    private func includes(for columns: [FieldDefinition]) -> [String] {
        let known = Set(type.includeNames(in: visit.person.catalog))
        return columns.compactMap(\.includeName).filter { known.contains($0) }
    }

    /// A whole tree as scripts write it, or one comparison as the form does.
    private func condition() -> JSON? {
        if let text = query["where"] { return try? JSON(parsing: Array(text.utf8)) }  // Nonsense asks for everything.
        guard let name = query["field"], !name.isEmpty, let value = query["value"], !value.isEmpty, let field = type.field(name) else {
            return nil
        }
        let op: String =
            switch field.kind {
            case .text, .email, .domain, .phone, .website: "contains"
            case .tags, .choices, .references: "contains"
            default: "eq"
            }
        let operand: JSON =
            switch field.kind {
            case .integer: Int(value).map { JSON($0) } ?? .string(value)
            case .flag: .bool(value == "true")
            default: .string(value)
            }
        return ["field": .string(name), "op": .string(op), "value": operand]
    }

    private var words: JSON.Member? { query["q"].flatMap { $0.isEmpty ? nil : JSON.Member("q", .string($0)) } }

    private var newButton: HTML? {
        guard type.operations.contains(.create), visit.person.rights[type.name].create else { return nil }
        return "<a class=\"button primary\" id=\"new\" href=\"/\(type.name)/new\">\(visit.words("list.new"))</a>"
    }

    private var filters: HTML {
        let words = visit.words
        let options =
            type.fields.filter { Self.isComparable($0) && !visit.person.rights.isHidden($0.path, of: type.name) }
            + type.customFields.filter { Self.isComparable($0) && !visit.person.rights.isHidden($0.path, of: type.name) }
        let choices = options.map { field -> HTML in
            "<option value=\"\(field.path)\"\("selected", when: field.path == query["field"])>\(visit.label(field, of: type))</option>"
        }
        let kept: HTML? = query["view"].map { "<input type=\"hidden\" name=\"view\" value=\"\($0)\">" }
        return """
            <form class="filters plain" action="/\(type.name)">\(kept)
            <label>\(words("list.words"))<input type="search" name="q" value="\(query["q"] ?? "")"></label>
            <label>\(words("filter.field"))<select name="field"><option value=""></option>\(choices)</select></label>
            <label>\(words("filter.value"))<input name="value" value="\(query["value"] ?? "")"></label>
            <button class="button">\(words("filter.apply"))</button></form>
            """
    }

    private static func isComparable(_ field: FieldDefinition) -> Bool {
        switch field.kind {
        case .text, .email, .domain, .phone, .website, .choice, .integer, .flag, .date, .tags, .choices, .language: !field.isWriteOnly
        default: false
        }
    }

    private var empty: HTML { "<p class=\"empty\">\(visit.words("list.empty"))</p>" }

    private func table(_ columns: [FieldDefinition], _ records: [JSON]) -> HTML {
        let values = ValueMarkup(visit)
        let heads = columns.map { field -> HTML in "<th scope=\"col\">\(visit.label(field, of: type))</th>" }
        let rows = records.map { record -> HTML in
            let cells = columns.map { field -> HTML in "<td>\(values.cell(field, of: record, type))</td>" }
            return """
                <tr><th scope="row"><a href="/\(type.name)/\(record["id"]?.string ?? "")">\(RecordTitle.of(record, type, visit))</a></th>\(cells)</tr>

                """
        }
        return """
            <div class="table-wrap" tabindex="0" role="region" aria-label="\(visit.plural(type))"><table class="grid"><thead><tr>\
            <th scope="col">\(visit.words("list.name"))</th>\(heads)</tr></thead>
            <tbody>\(rows)</tbody></table></div>
            """
    }

    private func more(_ answer: JSON) -> HTML? {
        answer["page"]?["next"]?.string.map {
            "<p><a class=\"button\" rel=\"next\" href=\"\(visit.call.address(after: $0))\">\(visit.words("list.more"))</a></p>"
        }
    }
}

/// What people call a record, as far as its reader sees it.
enum RecordTitle {
    /// The fields that a record may be called by, the best first: of a user the name comes before the e-mail.
    static func fields(of type: RecordType) -> [FieldDefinition] {
        type.titleFields.filter { $0.name == "name" } + type.titleFields.filter { $0.name != "name" }
    }

    static func of(_ record: JSON, _ type: RecordType, _ visit: Visit) -> String {
        let parts = type.titleFields.filter(\.isNamePart).compactMap { text($0, in: record) }
        if !parts.isEmpty { return parts.joined(separator: " ") }
        let others = fields(of: type).filter { !$0.isNamePart }.lazy.compactMap { text($0, in: record) }
        return others.first ?? visit.words("record.nameless")
    }

    private static func text(_ field: FieldDefinition, in record: JSON) -> String? {
        let value = field.isCustom ? record["custom"]?[field.name] : record[field.name]
        return value?.string.flatMap { $0.isEmpty ? nil : $0 }
    }
}
