import Postgres

/// One thing that happened, as the timeline tells it.
struct TimelineEntry {
    private let id: String
    private let at: JSON
    private let record: JSON
    private let actor: JSON
    private let event: Event

    private enum Event {
        case change(action: String, fields: [JSON.Member])
        case move(kind: String, from: JSON, to: JSON, fields: [JSON.Member])
        case work(kind: String, title: String, data: JSON)
    }

    init(_ row: Row, of catalog: Catalog, for caller: Caller) throws {
        id = try row.text(0)
        var time: [UInt8] = []
        row.withBytes(1) { Timestamp.encode($0, into: &time) }
        at = try JSON(parsing: time)
        let type = try row.text(3)
        record = ["type": .string(type), "id": .string(try row.text(4)), "title": .string(try row.text(5))]
        actor =
            row.isNull(7)
            ? .null : ["type": JSON(row.optionalText(6)), "id": JSON(row.optionalText(7)), "name": JSON(row.optionalText(8))]
        guard let fields = row.optionalText(10) else {
            event = .work(
                kind: try row.text(2), title: row.optionalText(12) ?? "", data: try JSON(parsing: row.optionalText(11) ?? "null"))
            return
        }
        let seen = (try JSON(parsing: fields).members ?? []).filter { !caller.rights.isHidden($0.name, of: type) }
        guard let milestone = catalog[type]?.rules.story.milestone, try row.text(9) == "update",
            let move = seen.first(where: { $0.name == milestone.field })?.value
        else {
            event = .change(action: try row.text(9), fields: seen)
            return
        }
        event = .move(
            kind: milestone.kind, from: ["id": move["before"] ?? .null, "name": JSON(row.optionalText(13))],
            to: ["id": move["after"] ?? .null, "name": JSON(row.optionalText(14))], fields: seen)
    }

    var document: JSON {
        [
            "id": .string(id), "kind": .string(kind), "at": at, "record": record, "actor": actor, "summary": .string(summary), "data": data,
        ]
    }

    private var kind: String {
        switch event {
        case .change: "change"
        case .move(let kind, _, _, _), .work(let kind, _, _): kind
        }
    }

    private var data: JSON {
        switch event {
        case .change(let action, let fields): ["action": .string(action), "fields": .object(fields)]
        case .move(_, let from, let to, let fields): ["from": from, "to": to, "fields": .object(fields)]
        case .work(_, _, let data): data
        }
    }

    private var summary: String {
        switch event {
        case .change("create", _): "Created"
        case .change("trash", _): "Put into the trash"
        case .change("restore", _): "Taken out of the trash"
        case .change("purge", _): "Deleted for good"
        case .change("merge", _): "Merged"
        case .change("undo", _): "Undone"
        case .change("import", _): "Imported"
        case .change(_, let fields):
            fields.isEmpty ? "Changed" : "Changed " + fields.map { $0.name.replacing("_", with: " ") }.joined(separator: ", ")
        case .move(_, let from, let to, _):
            if let old = from["name"]?.string {
                "Moved from \(old) to \(to["name"]?.string ?? "?")"
            } else {
                "Moved to \(to["name"]?.string ?? "?")"
            }
        case .work(_, let title, _): title
        }
    }
}
