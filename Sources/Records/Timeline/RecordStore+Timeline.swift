import Foundation
import Postgres

extension RecordStore {
    /// Everything that happened to the record, newest first, one page; also while it is in the trash.
    package func timeline(_ id: String, limit: Int, after: String?) async throws -> ListAnswer {
        let id = try known(id)
        let exists: SQL = SQL(code: "SELECT r.id FROM \(type.table) AS r WHERE r.id = ") + "\(id)" + condition(.include)
        let answers = try await scope.run([exists, try timelineStatement(id, limit: limit, after: after)], isRepeatable: true)
        guard !answers[0].isEmpty else { throw Problem.notFound }
        let rows = answers[1]
        let shown = rows.prefix(limit)
        let next =
            rows.count > limit
            ? try shown.last.map { Cursor(values: [$0.optionalText(15)], id: try $0.text(0)).text(for: fingerprint(id)) } : nil
        let body: JSON = [
            "data": .array(try shown.map { try TimelineEntry($0, of: catalog, for: caller).document }),
            "page": ["next": JSON(next), "has_more": .bool(next != nil)],
        ]
        return ListAnswer(body: body.bytes, next: next)
    }

    /// The statement of one page.
    package func timelineStatement(_ id: String, limit: Int, after: String?) throws(Problem) -> SQL {
        let id = try known(id)
        let start = try after.map { text throws(Problem) in try Cursor(parsing: text, for: fingerprint(id), .newestFirst) }
        let place = start.flatMap { start in start.values[0].map { (at: $0, id: start.id) } }
        return TimelineQuery(type: type, catalog: catalog, caller: caller, id: id, after: place, rows: limit + 1).statement
    }

    private func known(_ id: String) throws(Problem) -> String {
        guard let id = UUID(text: id) else { throw .notFound }
        return id.text
    }

    private func fingerprint(_ id: String) -> String {
        Cursor.fingerprint([scope.tenant.id.uuidString, type.name, id, "timeline"])
    }
}
