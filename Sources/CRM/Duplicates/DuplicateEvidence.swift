import Postgres
import Records

/// One thing that speaks for two records being one: that they share a key, or that their names are nearly the same where something else is.
struct DuplicateEvidence: Sendable {
    /// For people: `same phone`, `similar name and same company_id`.
    let reason: String
    /// The fields that it looks at.
    let paths: [String]
    /// How sure it is by itself, from 0 to 1; of similar names that of equal ones.
    let weight: Double

    private let form: Form

    private enum Form: Sendable {
        case same(key: SQL)
        case similar(name: String, block: SQL?, least: Double)
    }

    /// So many records with one key at the most: what more of them share (a switchboard's number, a common name) tells nothing, and no merge
    /// takes more.
    static let most = 50

    /// What there is to be looked for in the type, the surest first: its duplicate rules, addresses and numbers, and names, alone and together
    /// with whom the records belong to.
    static func all(of type: RecordType, in catalog: Catalog) -> [DuplicateEvidence] {
        var all = type.duplicateRules.map { rule in
            same(rule.fields, "same " + rule.paths.joined(separator: " and "), rule.fields.count == 1 && rule.fields[0].isPhone ? 0.8 : 0.9)
        }
        let comparable = DuplicateField.paths(of: type).compactMap { DuplicateField($0, of: type) }
        for field in comparable {
            if let weight = field.ownWeight { all.append(same([field], "same \(field.path)", weight)) }
        }
        let names = type.nameFields.compactMap { DuplicateField($0.path, of: type) }.filter(\.holdsWords)
        if !names.isEmpty, let folded = type.foldedName("r") {
            let isPerson = type.nameFields.count > 1
            let owners = comparable.filter { $0.refersToSubject(in: catalog, but: type) }
            for owner in owners {
                all.append(same(names + [owner], "same name and same \(owner.path)", 0.85))
                all.append(similar(names, folded, owner, owner.key(SQL(code: "r.\(owner.column)")), "same \(owner.path)"))
            }
            for phone in comparable where phone.isPhone {
                // National and international writing end alike.
                let digits = phone.key(SQL(code: "r.\(phone.column)"))
                all.append(
                    similar(names, folded, phone, "CASE WHEN length(\(digits)) >= 7 THEN right(\(digits), 7) END", "similar \(phone.path)"))
            }
            // Many people have one name; firms seldom.
            all.append(same(names, "same name", isPerson ? 0.5 : 0.7))
            if !isPerson {
                all.append(
                    DuplicateEvidence(
                        reason: "similar name", paths: names.map(\.path), weight: 0.6, form: .similar(name: folded, block: nil, least: 0.75)
                    ))
            }
        }
        var known: [Set<String>] = []
        return all.filter { part in
            guard case .same = part.form else { return true }
            defer { known.append(Set(part.paths)) }
            return !known.contains(Set(part.paths))
        }.sorted { $0.weight > $1.weight }
    }

    private static func same(_ fields: [DuplicateField], _ reason: String, _ weight: Double) -> DuplicateEvidence {
        let keys = fields.map { field -> SQL in
            let key = field.scanKey("r")
            // A part without a value makes the whole nothing.
            return field.mayHaveEmptyKey ? "nullif(" + key + ", '')" : "(" + key + ")::text"
        }
        return DuplicateEvidence(
            reason: reason, paths: fields.map(\.path), weight: weight, form: .same(key: keys.joined(separator: " || ' | ' || ")))
    }

    private static func similar(
        _ names: [DuplicateField], _ folded: String, _ with: DuplicateField, _ block: SQL, _ reason: String
    ) -> DuplicateEvidence {
        DuplicateEvidence(
            reason: "similar name and \(reason)", paths: names.map(\.path) + [with.path], weight: 0.8,
            form: .similar(name: folded, block: block, least: 0.6))
    }

    /// Rows of ids that belong together (two, or all that share a key) and of how sure that is.
    ///
    /// Names are compared with the next few in the order of the block only: as many comparisons as records, whatever the block.
    func query(of type: RecordType) -> SQL {
        let table = SQL(code: type.table)
        switch form {
        case .same(let key):
            return """
                SELECT array_agg(id ORDER BY id), \("\(weight)")::double precision
                FROM (SELECT r.id, \(key) AS key FROM \(table) AS r WHERE r.deleted_at IS NULL) AS keyed
                WHERE key IS NOT NULL GROUP BY key HAVING count(*) BETWEEN 2 AND \(Self.most)
                """
        case .similar(let name, let block, let least):
            return """
                SELECT ARRAY[pair.id, pair.other], \("\(weight)")::double precision * pair.likeness
                FROM (
                    SELECT named.id, next.id AS other, cell.similarity(named.name, next.name)::double precision AS likeness
                    FROM (
                        SELECT id, name, lead(id, 1) OVER row AS id1, lead(name, 1) OVER row AS name1, lead(id, 2) OVER row AS id2,
                            lead(name, 2) OVER row AS name2, lead(id, 3) OVER row AS id3, lead(name, 3) OVER row AS name3
                        FROM (
                            SELECT r.id, \(SQL(code: name)) AS name, \(block ?? "''") AS block
                            FROM \(table) AS r WHERE r.deleted_at IS NULL) AS folded
                        WHERE block IS NOT NULL AND char_length(btrim(name)) > 2
                        WINDOW row AS (PARTITION BY block ORDER BY name COLLATE "C", id)) AS named
                        CROSS JOIN LATERAL (VALUES (id1, name1), (id2, name2), (id3, name3)) AS next (id, name)
                    WHERE next.id IS NOT NULL AND next.name <> named.name) AS pair
                WHERE pair.likeness >= \("\(least)")::double precision
                """
        }
    }
}
