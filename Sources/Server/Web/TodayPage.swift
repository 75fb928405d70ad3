import CRM
import Records

/// What a salesperson begins the day with. Without scripts: the own open tasks, the next one first.
struct TodayPage: Sendable {
    private let visit: Visit

    init(_ visit: Visit) {
        self.visit = visit
    }

    func show() async throws -> Reply {
        let title = visit.words("page.today")
        let content: HTML = "<h1>\(visit.words("today.greeting", ["name": visit.user.name]))</h1>\(try await tasks())"
        return PageFrame.inside(title, content, visit, section: "today", script: "today.js")
    }

    private func tasks() async throws -> HTML? {
        let person = visit.person
        guard let type = person.catalog["tasks"], person.rights["tasks"].read != .none else { return nil }
        let mine: JSON = ["field": "assignee_id", "op": "eq", "value": .string(visit.user.id.text)]
        let open: JSON = ["field": "status", "op": "eq", "value": "open"]
        let body: JSON = ["where": ["and": [mine, open]], "sort": "due", "limit": 20, "fields": ["title", "due", "priority"]]
        let request = try ListRequest(body: body, of: type, in: person.catalog, for: person.caller)
        let list = try JSON(parsing: try await person.store(type).list(request).body)
        let values = ValueMarkup(visit)
        let items = (list["data"]?.elements ?? []).map { task -> HTML in
            let due = type.field("due").map { values.markup(task["due"] ?? .null, $0, type) }
            return
                "<li><a href=\"/tasks/\(task["id"]?.string ?? "")\">\(RecordTitle.of(task, type, visit))</a> <span class=\"hint\">\(due)</span></li>"
        }
        let none: HTML = "<p class=\"empty\">\(visit.words("today.no_tasks"))</p>"
        return "<section><h2>\(visit.words("today.tasks"))</h2>\(items.isEmpty ? none : "<ul>\(items)</ul>")</section>"
    }
}
