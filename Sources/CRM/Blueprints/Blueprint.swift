import Foundation
import Records

/// What a firm of one line of business wants to find in its account: record types and fields of its own, pipelines, views, templates, and some
/// records to look at. Read from `Config/blueprints/<name>.yaml`.
///
/// A record's body may hold, beside plain values: `{$ref: key}`, the id of another part; `{$stage: "Pipeline/Stage"}`; `{$day: 14}`, a date
/// so many days from now; `{$time: -3}`, ten o'clock of such a day (UTC); `{$due: 2}`, nine o'clock of such a day as clocks show it;
/// `{$money: "1200"}`, an amount in the tenant's currency; `{$currency: true}`, that currency.
package struct Blueprint: Sendable {
    package let name: String
    /// What it is called.
    package let title: String
    /// What it brings, in a sentence or two.
    package let summary: String
    /// In the order in which they are made: each refers only to those before it.
    let parts: [Part]

    struct Part: Sendable {
        /// The record type, by its plural.
        let type: String
        /// Never changes: the id of what is made is worked out from it.
        let key: String
        /// For people.
        let title: String
        let body: JSON
    }

    /// Why a blueprint cannot be read.
    package struct Unreadable: Error, CustomStringConvertible {
        package let description: String
    }

    package init(_ name: String, _ document: JSON) throws(Unreadable) {
        guard let title = document["title"]?.string, let summary = document["summary"]?.string else {
            throw Unreadable(description: "The blueprint \(name) has no title or no summary.")
        }
        self.name = name
        self.title = title
        self.summary = summary
        let furniture: [(String, String, (JSON) -> String?)] = [
            ("objects", "custom_objects", { $0["plural"]?.string }),
            (
                "fields", "custom_fields",
                { field in field["type"]?.string.flatMap { type in field["name"]?.string.map { "\(type).\($0)" } } }
            ),
            ("pipelines", "pipelines", { $0["name"]?.string }), ("templates", "templates", { $0["name"]?.string }),
            ("views", "views", { view in view["type"]?.string.flatMap { type in view["name"]?.string.map { "\(type): \($0)" } } }),
        ]
        var parts: [Part] = []
        for (section, type, title) in furniture {
            for body in document[section]?.elements ?? [] {
                guard let title = title(body) else { throw Unreadable(description: "The blueprint \(name): \(section) without a name.") }
                parts.append(Part(type: type, key: "\(type)/\(title)", title: title, body: body))
            }
        }
        for group in document["records"]?.elements ?? [] {
            guard let type = group["type"]?.string else { throw Unreadable(description: "The blueprint \(name): records without a type.") }
            for row in group["rows"]?.elements ?? [] {
                guard let key = row["key"]?.string else { throw Unreadable(description: "The blueprint \(name): a record without a key.") }
                let body = JSON.object((row.members ?? []).filter { $0.name != "key" })
                parts.append(Part(type: type, key: key, title: key, body: body))
            }
        }
        let unknown = (document.members ?? []).map(\.name)
            .filter { !["title", "summary", "records"].contains($0) && !furniture.map(\.0).contains($0) }
        guard unknown.isEmpty else { throw Unreadable(description: "The blueprint \(name): unknown \(unknown.joined(separator: ", ")).") }
        guard Set(parts.map(\.key)).count == parts.count else {
            throw Unreadable(description: "The blueprint \(name): a key stands twice.")
        }
        self.parts = parts
    }

    /// How many of what it brings, for people: `{"custom_objects": 2, ...}`.
    package var contents: JSON {
        var counts: [String: Int] = [:]
        for part in parts { counts[part.type, default: 0] += 1 }
        return .object(counts.sorted { $0.key < $1.key }.map { .init($0.key, JSON($0.value)) })
    }

    /// How many fields its types and its additions to others have together.
    var fieldCount: Int {
        parts.reduce(0) { sum, part in
            sum + (part.type == "custom_fields" ? 1 : part.type == "custom_objects" ? part.body["fields"]?.elements?.count ?? 0 : 0)
        }
    }
}

/// The blueprints of this program.
package struct Blueprints: Sendable {
    /// By name.
    package let all: [Blueprint]

    /// - Parameter files: the JSON of each, by name.
    package init(_ files: [String: [UInt8]]) throws {
        all = try files.sorted { $0.key < $1.key }.map { name, bytes in try Blueprint(name, try JSON(parsing: bytes)) }
    }

    package subscript(name: String) -> Blueprint? { all.first { $0.name == name } }
}
