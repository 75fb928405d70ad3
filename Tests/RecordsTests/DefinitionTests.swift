import CRM
import Postgres
import Records
import Support
import Testing

/// Holds for every record type there is and ever will be.
@Suite("Definitions") struct DefinitionTests {
    @Test("Every type's fields and its migrated table agree, column by column", arguments: TestHouse.catalog.types.map(\.name))
    func columns(name: String) async throws {
        let tenant = try await TestHouse.tenant()
        let type = try #require(TestHouse.catalog[name])
        let rows = try await tenant.scope.rows(
            """
            SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute
            WHERE attrelid = \(name)::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
            """)
        var kept: [String: (type: String, isRequired: Bool)] = [:]
        for row in rows { kept[try row.text(0)] = (try row.text(1), try row.bool(2)) }

        var named: Set<String> = []
        for field in type.fields {
            for column in field.columns {
                let found = try #require(kept[column], "\(name).\(column) is defined but not kept")
                let fits = field.kind.columnTypes.contains(found.type) || column != field.column && found.type != "jsonb"
                #expect(fits, "\(name).\(column) is \(found.type)")
                if field.isRequired { #expect(found.isRequired, "\(name).\(column) may be NULL") }
                named.insert(column)
            }
        }
        #expect(Set(kept.keys).subtracting(named).subtracting(Self.internalColumns).isEmpty)
    }

    /// What is kept and never shown as it is.
    private static let internalColumns: Set<String> = [
        "password_hash", "calendar_token_hash", "links", "seen_from", "search", "own_probability", "completed_at", "moment_field",
    ]

    @Test("Every unique field and every reference has the constraint that names it", arguments: TestHouse.catalog.types.map(\.name))
    func constraints(name: String) async throws {
        let tenant = try await TestHouse.tenant()
        let type = try #require(TestHouse.catalog[name])
        let rows = try await tenant.scope.rows(
            """
            SELECT conname FROM pg_constraint WHERE conrelid = \(name)::regclass
            UNION SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = \(name)::regclass AND indisunique
            """)
        let names = Set(rows.compactMap { $0.optionalText(0) })

        for field in type.fields {
            if field.isUnique { #expect(names.contains("\(name)_\(field.name)_unique")) }
            if case .reference(let target) = field.kind, TestHouse.catalog[target] != nil {
                #expect(names.contains("\(name)_\(field.name)_reference"))
            }
        }
    }

    @Test(
        "Every type is made, read, listed in every order, changed, trashed, restored and purged by the same calls",
        arguments: ["contacts", "companies"])
    func conformance(name: String) async throws {
        let tenant = try await TestHouse.tenant()
        let store = tenant.store(name)
        let body: JSON = name == "contacts" ? ["last_name": "Sample"] : ["name": "Sample"]

        let made = try await store.create(body)
        let id = try #require(made.id)
        let read = try await store.get(id)
        #expect(try made.json == read.json)
        for field in store.type.fields {
            let order = try? ListRequest(query: [("sort", "-\(field.name),id")], of: store.type, in: TestHouse.catalog, for: tenant.admin)
            if let order { #expect(try await store.list(order).values("id").count == 1, "\(field.name)") }
            let missing = try? ListRequest(
                body: ["where": ["field": .string(field.name), "op": "is_null", "value": true]], of: store.type, in: TestHouse.catalog,
                for: tenant.admin)
            if let missing { _ = try await store.list(missing) }
        }
        #expect(try await store.patch(id, ["tags": ["x"]]).version == 2)
        #expect(try await store.trash(id).status == 204)
        #expect(try await store.restore(id).version == 4)
        #expect(try await store.changes(id, limit: 10, after: nil).values("action") == ["restore", "trash", "update", "create"])
        #expect(try await store.purge(id).status == 204)
    }
}

extension FieldKind {
    /// What PostgreSQL calls the columns that can hold it.
    fileprivate var columnTypes: Set<String> {
        switch self {
        case .integer: ["integer", "bigint"]
        case .flag: ["boolean"]
        case .date: ["date"]
        case .time: ["timestamp(3) with time zone"]
        case .reference, .identifier: ["uuid"]
        case .references: ["uuid[]"]
        case .tags, .choices: ["text[]"]
        case .integers: ["integer[]"]
        case .money, .decimal: ["numeric(19,4)", "numeric"]
        case .document: ["jsonb"]
        case .actor: ["text", "uuid"]
        default: ["text"]
        }
    }
}
