import Foundation
import Postgres

/// Which records the cells of an import mean: by id, by any unique field, else by name, the oldest of that name.
///
/// What was found is kept for the rows that follow; what was not found is looked for again, since an earlier row may make it.
struct ImportReferences: Sendable {
    private let catalog: Catalog
    private let creates: Bool
    private let isRehearsal: Bool
    private var known: [String: [String: String]] = [:]
    /// By the table's name and the owner's id: name to id.
    private var parts: [String: [String: String]]?

    /// So many texts are kept per type.
    private static let most = 50_000

    init(_ plan: ImportPlan, of catalog: Catalog) {
        self.catalog = catalog
        creates = plan.options.createsReferences
        isRehearsal = plan.isRehearsal
    }

    /// The id of what the text means; nil when nobody is called so.
    subscript(target: String, text: String) -> String? { known[target]?[text] }

    /// Where a missing record would be made, were it no dry run.
    func isPromised(_ target: String) -> Bool { isRehearsal && creates && catalog[target] != nil }

    /// Looks up those of the texts that are not known yet, and makes what is missing if the import may.
    mutating func find(_ texts: Set<String>, of target: String, _ store: RecordStore) async throws {
        guard let type = catalog[target] else { return }
        if known[target, default: [:]].count > Self.most { known[target] = [:] }
        var missing = texts.filter { known[target]?[$0] == nil }
        guard !missing.isEmpty else { return }
        let there = RecordStore(type, of: catalog, in: store.scope, for: store.caller)
        let wanted = missing.sorted()
        for lookup in there.lookups(wanted) {
            let rows = try await store.scope.transaction { try $0.rows(lookup) }
            for row in rows {
                let text = wanted[try row.int(0) - 1]
                if missing.remove(text) != nil { known[target, default: [:]][text] = try row.text(1) }
            }
        }
        guard creates, !isRehearsal, store.caller.rights[target].create else { return }
        for text in missing.sorted() where UUID(text: text) == nil {
            guard let body = type.bodyNamed(text) else { return }
            do {
                known[target, default: [:]][text] = try await there.create(body).id
            } catch is Problem {
                // The row says that there is no such record.
                continue
            }
        }
    }

    /// The id of a part of a record by its id or its name there.
    mutating func part(_ text: String, _ field: RecordType.Parts, of owner: String?, in store: RecordStore) async throws -> String? {
        if UUID(text: text) != nil { return text }
        if parts == nil {
            let rows = try await store.scope.rows(
                SQL(code: "SELECT \(field.owner), lower(name), id FROM \(field.table) ORDER BY position DESC"))
            parts = try rows.reduce(into: [:]) { parts, row in parts[try row.text(0), default: [:]][try row.text(1)] = try row.text(2) }
        }
        return owner.flatMap { parts?[$0]?[text.lowercased()] }
    }
}

extension RecordStore {
    /// Reads that answer place (from 1) and id for texts that mean a record of the type; what an earlier one finds counts more.
    fileprivate func lookups(_ texts: [String]) -> [SQL] {
        let source = SQL(code: " JOIN \(type.table) AS r ON ")
        let condition = SQL(code: " WHERE r.deleted_at IS NULL AND ") + caller.readable(type)
        var lookups: [SQL] = []
        let ids = texts.map { UUID(text: $0) == nil ? nil : $0 }
        if ids.contains(where: { $0 != nil }) {
            lookups.append(
                "SELECT wanted.place, r.id FROM unnest(\(ids)::uuid[]) WITH ORDINALITY AS wanted (value, place)" + source
                    + "r.id = wanted.value" + condition)
        }
        for key in type.keys(for: caller) where key.kind.columnType == "text" { lookups.append(holders(of: key, texts.map(\.sqlValue))) }
        if let name = type.nameExpression(for: caller) {
            lookups.append(
                "SELECT DISTINCT ON (wanted.place) wanted.place, r.id FROM unnest(\(texts)::text[]) WITH ORDINALITY AS wanted (value, place)"
                    + source + SQL(code: "\(name) = wanted.value") + condition + " ORDER BY wanted.place, r.created_at, r.id")
        }
        return lookups
    }
}

extension RecordType {
    /// What a record is called, `r` being the record; nil where the caller does not see it.
    fileprivate func nameExpression(for caller: Caller) -> String? {
        let names = ownFields.filter(\.isNamePart)
        let shown = (names.isEmpty ? [field("name") ?? titleFields.first].compactMap(\.self) : names)
        guard !shown.isEmpty, shown.allSatisfy({ !caller.rights.isHidden($0.path, of: name) && $0.kind.columnType == "text" }) else {
            return nil
        }
        if shown.count == 1 { return "r.\(shown[0].column) COLLATE \"und-x-icu\"" }
        return "concat_ws(' ', \(shown.map { "r.\($0.column)" }.joined(separator: ", ")))"
    }

    /// The body of a record that is only called so; nil where that is not enough for one.
    fileprivate func bodyNamed(_ text: String) -> JSON? {
        let required = ownFields.filter(\.isRequired)
        if let email = field("email"), email.kind == .email, required.isEmpty, EmailAddress.isWellFormed(text) {
            return ["email": .string(text)]
        }
        guard standing == .subject else { return nil }
        let naming = field("name") ?? ownFields.last(where: \.isNamePart) ?? titleFields.first
        guard let naming, required.allSatisfy({ $0.name == naming.name }) else { return nil }
        return .object([.init(naming.name, .string(text))])
    }
}
