import Postgres
import Records
import Tenancy

/// A list worth keeping: which records of a type, in which order, with which columns, and who sees it. A segment also says how many
/// records it has.
package enum Views {
    package static let viewName = Field.text("name", "What it is called.").required.title
    package static let recordType = Field.text("type", "The type whose records it lists; never changes.").required
    package static let kind = Field.choice("kind", ["view", "segment"], "A segment is a group of records that is counted.").filled
    package static let conditions = Field.document(
        "where", schema: ["$ref": "#/components/schemas/Where"], empty: ["and": []], column: "conditions",
        "Which records, as a search takes it; relative values count from the moment of reading."
    ).filled
    package static let sort = Field.text("sort", "In which order, as a list takes it: -amount,name.")
    package static let columns = Field.names("columns", "The fields that a page shows, in order.")
    package static let sharedWith = Field.choice(
        "shared_with", ["me", "team", "all"], "Who else sees it: nobody, those in a team with its owner, everyone."
    ).filled
    package static let count = Field.computed(
        "count", schema: ["type": ["integer", "null"], "minimum": 0],
        "How many records a segment has now, of those the caller may read; null for views and while it is broken.")
    package static let broken = Field.computed(
        "broken",
        schema: [
            "type": ["array", "null"],
            "items": [
                "type": "object", "required": ["pointer", "field"], "additionalProperties": false,
                "properties": ["pointer": ["type": "string"], "field": ["type": "string"]],
            ],
        ], "What it names and the caller does not have: a field or type that is deleted or hidden. Empty when all is well.")

    package static let type = RecordType(
        "views", singular: "view", fields: [viewName, recordType, kind, conditions, sort, columns, sharedWith, count, broken],
        standing: .furniture, isSearchable: false
    ) { rules in
        rules.refusals = [
            "views_type_immutable": .invalid([.init("/type", .immutable, "A view stays with its type; make another for another type.")])
        ]
        rules.preparing = { draft, change throws(Problem) in try await check(draft, change) }
        rules.locking = { change in staying(change) }
        rules.visible = { caller, r in
            SQL(code: "(\(r).shared_with = 'all' OR \(r).owner_id = ") + "\(caller.userID)::uuid"
                + SQL(code: " OR \(r).shared_with = 'team' AND \(r).owner_id = ANY (") + "\(caller.teamMemberIDs)::uuid[]))"
        }
        rules.completing = { records, store in try await completing(records, store) }
    }

    /// What a body gives is held against the type as a search is. What stays as it was may be broken: it can still be renamed.
    private static func check(_ draft: Draft, _ change: RecordType.Change) async throws(Problem) {
        var parts: Set<StoredList.Part> = []
        if change[conditions] != nil { parts.insert(.conditions) }
        if change[sort] != nil { parts.insert(.sort) }
        if change[columns] != nil { parts.insert(.columns) }
        guard change.action == .create || change.action == .update && !parts.isEmpty else { return }
        var name = change[recordType].flatMap { $0 }
        if change.action == .update { name = try await storedType(change) }
        let list = StoredList(
            type: name ?? "", conditions: change[conditions] ?? ["and": []], sort: change[sort].flatMap { $0 },
            columns: change[columns] ?? [])
        let errors = list.errors(in: parts, of: change.catalog, for: change.caller)
        guard errors.isEmpty else { throw .invalid(errors) }
    }

    private static func storedType(_ change: RecordType.Change) async throws(Problem) -> String {
        let found: SQL = "SELECT r.type FROM views AS r WHERE r.id = \(change.id)::uuid AND r.deleted_at IS NULL AND "
        let rows: Rows
        do throws(PostgresError) {
            rows = try await change.scope.rows(found + change.caller.readable(type))
        } catch {
            throw Problem(.overloaded, "The database could not be asked; try again.", retryAfter: 1)
        }
        guard let name = rows.first?.optionalText(0) else { throw .notFound }
        return name
    }

    private static func staying(_ change: RecordType.Change) -> [SQL] {
        guard change.action == .update, case .some(.some(let name)) = change[recordType] else { return [] }
        return [
            """
            SELECT cell.refuse('TN002', 'views_type_immutable') FROM views AS r
            WHERE r.id = \(change.id)::uuid AND r.type <> \(name) AND
            """ + " " + change.caller.readable(type)
        ]
    }
}
