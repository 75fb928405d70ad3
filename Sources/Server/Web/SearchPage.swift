import Records

/// What was found by words, of any type.
struct SearchPage: Sendable {
    private let visit: Visit

    init(_ visit: Visit) {
        self.visit = visit
    }

    func show() async throws -> Reply {
        let person = visit.person
        let words = (visit.call.query["q"] ?? "").trimmedOfSpaces
        var hits: [Search.Hit] = []
        if !words.isEmpty {
            let request = try SearchRequest(words: String(words), types: nil, limit: 50, in: person.catalog)
            hits = try await Search(of: person.catalog, in: person.scope, for: person.caller).find(request)
        }
        let items = hits.map { hit -> HTML in
            let kind = person.catalog[hit.type].map { visit.singular($0) } ?? hit.type
            return
                "<li><a href=\"/\(hit.type)/\(hit.id)\">\(hit.title)</a> <span class=\"hint\">\(kind)</span><br><span>\(hit.snippet)</span></li>"
        }
        let title = visit.words("search.title", ["words": String(words)])
        let none: HTML = "<p class=\"empty\">\(visit.words("search.nothing"))</p>"
        let content: HTML = "<h1>\(title)</h1>\(hits.isEmpty ? none : "<ul class=\"hits\">\(items)</ul>")"
        return PageFrame.inside(title, content, visit, section: "", script: "found.js")
    }
}
