import Postgres
import Records

/// Takes the words out of records of a type that stay because they count: in the records and in what the change log tells of them.
struct Blanking {
    let type: RecordType
    let caller: Caller
    /// Columns of fields that lie in the trash.
    let trashed: [String]

    /// What stands where there must be a word.
    static let word = "Erased"

    /// Everything that someone wrote into the records goes; what counts (kinds, times, amounts, references) stays.
    ///
    /// - Parameter replacing: fields, though none is required by itself, one of which must have a word.
    func everything(of ids: [String], replacing: Set<String> = []) -> [SQL] {
        guard !ids.isEmpty else { return [] }
        let fields = wordy
        var sets = fields.flatMap { field -> [SQL] in
            if field.kind == .tags { return ["tags = '{}'"] }
            return field.columns.map { column in
                guard field.isRequired || replacing.contains(field.name) else { return SQL(code: "\(column) = NULL") }
                return field.isUnique
                    ? SQL(code: "\(column) = ") + "\(Self.word + " ")::text || r.id" : SQL(code: "\(column) = ") + "\(Self.word)"
            }
        }
        sets += trashed.map { SQL(code: "\(SQL.quoted(identifier: $0)) = DEFAULT") }
        let kept = Set(type.loggedFields.map(\.path)).subtracting(fields.map(\.path)).union(["deleted_at"])
        return [
            rewriting(ids, sets),
            """
            UPDATE changes SET fields = coalesce(
                (SELECT jsonb_object_agg(key, value) FROM jsonb_each(fields) WHERE key = ANY (\(kept.sorted())::text[])), '{}')
            WHERE record_id = ANY (\(ids)::uuid[]) AND type = \(type.name)
            """,
        ]
    }

    /// Only the person's own words go, wherever they stand in a text.
    ///
    /// - Parameter onlyCustom: only in fields that the tenant has made.
    func words(_ patterns: [String], of ids: [String], onlyCustom: Bool = false) -> [SQL] {
        guard !ids.isEmpty, !patterns.isEmpty else { return [] }
        // What is unique would no longer be.
        let fields = wordy.filter { !$0.isUnique && $0.kind != .tags && (!onlyCustom || $0.isCustom) }
        let columns = fields.flatMap(\.columns) + trashed.map { SQL.quoted(identifier: $0) }
        let spared = onlyCustom ? type.ownFields.map(\.path) : []
        let sets = columns.map { SQL(code: "\($0) = cell.without_words(r.\($0), ") + "\(patterns)::text[])" }
        return [
            rewriting(ids, sets),
            """
            UPDATE changes SET fields = cell.without_words(fields, \(patterns)::text[])
                || coalesce((SELECT jsonb_object_agg(key, value) FROM jsonb_each(fields) WHERE key = ANY (\(spared)::text[])), '{}')
            WHERE record_id = ANY (\(ids)::uuid[]) AND type = \(type.name)
            """,
        ]
    }

    /// A new version and a row in the change log that tells nothing of what was there.
    private func rewriting(_ ids: [String], _ sets: [SQL]) -> SQL {
        let table = SQL(code: type.table)
        return """
            WITH record AS (
                UPDATE \(table) AS r SET \((sets + [caller.stamp]).joined(separator: ", ")) WHERE r.id = ANY (\(ids)::uuid[]) RETURNING r.*)
            \(caller.logging(.update, in: type, "'{}'::jsonb FROM record"))
            """
    }

    /// The fields into which people write as they like.
    private var wordy: [FieldDefinition] {
        (type.ownFields + [CommonFields.tags] + type.customFields).filter { field in
            guard !field.isDerived, !field.isReadOnly else { return false }
            switch field.kind {
            case .text, .email, .phone, .domain, .website, .address, .tags: return true
            default: return false
            }
        }
    }
}
