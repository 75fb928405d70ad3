import Postgres

/// The table of a record type that a tenant has made.
package struct CustomTable {
    package let name: String

    package init(plural: String) { name = "c_\(plural)" }

    private var table: String { SQL.quoted(identifier: name) }

    /// The table with the columns that every record has, the fields, and what finds records by their order, owner and label.
    package func creation(_ fields: [CustomField], label: CustomField, of catalog: Catalog) -> [SQL] {
        let columns = fields.map { CustomColumns($0, in: name, of: catalog) }
        let owner = SQL.quoted(identifier: ConstraintName.of(name, "owner_id", "reference"))
        let common = [
            "id uuid PRIMARY KEY", "version integer NOT NULL DEFAULT 1", "created_at timestamptz(3) NOT NULL DEFAULT now()",
            "updated_at timestamptz(3) NOT NULL DEFAULT now()", "created_by_type text", "created_by_id uuid", "updated_by_type text",
            "updated_by_id uuid", "owner_id uuid CONSTRAINT \(owner) REFERENCES users", "deleted_at timestamptz(3)",
            "tags text[] NOT NULL DEFAULT '{}'",
        ]
        let all = (common + columns.flatMap(\.definitions)).joined(separator: ", ")
        return [
            ddl("CREATE TABLE \(table) (\(all))"),
            index("created_at", "(created_at, id) WHERE deleted_at IS NULL"),
            index("owner_id", "(owner_id, id)"),
        ] + searchable(by: label) + columns.flatMap(\.indexes)
    }

    /// What a record is called by, it is found by.
    package func searchable(by label: CustomField) -> [SQL] {
        let column = SQL.quoted(identifier: label.column)
        return [
            ddl("ALTER TABLE \(table) DROP COLUMN IF EXISTS search"),
            ddl(
                """
                ALTER TABLE \(table) ADD COLUMN search tsvector \
                GENERATED ALWAYS AS (cell.search_vector(coalesce(\(column), ''))) STORED
                """),
            index("search", "USING gin (search) \(Self.prompt)"),
            ddl("DROP INDEX IF EXISTS \(SQL.quoted(identifier: ConstraintName.of(name, "similar", "index")))"),
            index("similar", "USING gin (cell.search_fold(\(column)) cell.gin_trgm_ops) \(Self.prompt)"),
        ]
    }

    /// Every search reads what has been written since the index was last cleared up; so little (in kB) may pile up.
    static let prompt = "WITH (gin_pending_list_limit = 128)"

    /// The table and every reference to it.
    package var dropping: SQL { ddl("DROP TABLE IF EXISTS \(table) CASCADE") }

    private func index(_ column: String, _ what: String) -> SQL {
        ddl("CREATE INDEX \(SQL.quoted(identifier: ConstraintName.of(name, column, "index"))) ON \(table) \(what)")
    }
}
