import Postgres

/// The records of a type as they stood at a moment: a relation to read in place of the table.
///
/// A field held then what the first later change that names it says it held before; where there is none, it holds it still. Records
/// deleted for good are gone from the past too. Who may read a record is decided by what it is today, and so is what stands one step
/// along a reference.
struct Past {
    let type: RecordType
    let moment: Moment
    let caller: Caller

    var relation: SQL {
        let columns = steady + ["coalesce(later.version - 1, r.version) AS version"] + stamps + type.pastFields.flatMap(\.pastColumns)
        let inner =
            SQL(code: "SELECT \(columns.joined(separator: ", ")) FROM \(type.table) AS r LEFT JOIN (") + later
            + ") AS later ON later.record_id = r.id LEFT JOIN LATERAL (" + last + ") AS last ON later.record_id IS NOT NULL"
            + " WHERE r.created_at <= " + moment.sql + " AND " + caller.readable(type)
        return SQL(code: "(SELECT \((["past.*"] + derived).joined(separator: ", ")) FROM (") + inner + ") AS past)"
    }

    /// What never changes.
    private let steady = ["r.id", "r.created_at", "r.created_by_type", "r.created_by_id"]

    /// When and by whom it had been written last.
    private let stamps = ["updated_at", "updated_by_type", "updated_by_id"].map {
        "CASE WHEN later.record_id IS NULL THEN r.\($0) ELSE last.\($0) END AS \($0)"
    }

    private var derived: [String] {
        type.ownFields.compactMap { field in field.derivation.map { "\($0) AS \(field.column)" } }
    }

    /// What each record changed after the moment held before; of several changes of one field the first counts.
    private var later: SQL {
        """
        SELECT change.record_id, min(change.version) AS version,
            jsonb_object_agg(field.key, field.value -> 'before' ORDER BY change.version DESC, change.id DESC)
                FILTER (WHERE field.key IS NOT NULL) AS was
        FROM changes AS change LEFT JOIN LATERAL jsonb_each(change.fields) AS field ON true
        WHERE change.type = \(type.name) AND change.at > \(moment.sql)
        GROUP BY change.record_id
        """
    }

    private var last: SQL {
        """
        SELECT change.at AS updated_at, change.actor_type AS updated_by_type, change.actor_id AS updated_by_id
        FROM changes AS change
        WHERE change.record_id = r.id AND change.at <= \(moment.sql)
        ORDER BY change.version DESC, change.id DESC LIMIT 1
        """
    }
}

extension RecordType {
    /// What the change log tells of, the way into the trash included.
    var pastFields: [FieldDefinition] { loggedFields + [CommonFields.deletedAt] }
}

extension FieldDefinition {
    /// The field's columns as they stood then: from `later.was`, where later changes name it, else from `r`.
    fileprivate var pastColumns: [String] {
        let value = "later.was -> '\(path)'"
        let text = "later.was ->> '\(path)'"
        let values: [String] =
            switch kind {
            case .address: Address.parts.map { "\(value) ->> '\($0.name)'" }
            case .money: ["(\(value) ->> 'amount')::numeric", "\(value) ->> 'currency'"]
            case .actor, .record: ["\(value) ->> 'type'", "(\(value) ->> 'id')::uuid"]
            case .localTime:
                [
                    "\(value) ->> 'local'", "\(value) ->> 'time_zone'",
                    "(\(value) ->> 'local')::timestamp AT TIME ZONE (\(value) ->> 'time_zone')",
                ]
            case .references, .tags, .choices, .integers:
                [
                    "ARRAY(SELECT jsonb_array_elements_text(CASE jsonb_typeof(\(value)) WHEN 'array' THEN \(value) END))::\(kind.columnType)"
                ]
            case .document: ["nullif(\(value), 'null')"]
            case .custom, .secret: []
            default: kind.columnType == "text" ? [text] : ["(\(text))::\(kind.columnType)"]
            }
        return zip(columns, values).map { "CASE WHEN later.was ? '\(path)' THEN \($1) ELSE r.\($0) END AS \($0)" }
    }
}
