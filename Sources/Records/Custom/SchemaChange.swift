import Postgres

/// What must happen to tables when a definition is written: conditions and locks before, statements after, all in the same flush.
package struct SchemaChange: Sendable {
    package private(set) var before: [SQL]
    package private(set) var after: [SQL] = []

    /// Names under which a change is refused.
    package enum Refusal: String, CaseIterable {
        case movedOn = "schema_moved_on"
        case needsDefault = "schema_needs_default"
        case loses = "schema_loses"
        case columnTaken = "schema_column_taken"
        case typeGone = "schema_type_gone"
    }

    /// Changes of one tenant's schema come one after another. Whoever uses a table that is to change is waited for, but not longer than
    /// everyone else can wait behind; and less long than a deadlock takes to be found, so that it is the change that gives way.
    package init() {
        before = [
            Self.lock,
            SQL("SELECT set_config('lock_timeout', '800', true)").prepared(.shared),
        ]
    }

    /// One change at a time.
    package static let lock = Turn.of("shape")

    /// Refuses when the definition is no longer as it was read.
    package mutating func expect(_ table: String, _ id: String, version: Int) {
        before.append(
            "SELECT cell.refuse('TN002', \(Refusal.movedOn.rawValue)) WHERE NOT EXISTS (SELECT FROM " + SQL(code: table)
                + " WHERE id = \(id) AND version = \(version))")
    }

    package mutating func refuse(_ name: String, where condition: SQL) {
        before.append("SELECT cell.refuse('TN002', \(name)) WHERE " + condition)
    }

    package mutating func run(_ statements: [SQL]) { after += statements }

    package mutating func add(_ field: CustomField, to table: String, of catalog: Catalog) {
        let columns = CustomColumns(field, in: table, of: catalog)
        lock(columns)
        refuse(
            .columnTaken,
            """
            EXISTS (
                SELECT FROM pg_attribute
                WHERE attrelid = to_regclass(\(table)) AND attname = ANY (\(columns.names)::text[]) AND NOT attisdropped)
            """)
        if field.isRequired && field.standard.isNull { refuse(.needsDefault, "EXISTS (SELECT FROM \(identifier: table))") }
        after += columns.adding
    }

    package mutating func alter(_ old: CustomField, to new: CustomField, in table: String, of catalog: Catalog) {
        let (from, to) = (CustomColumns(old, in: table, of: catalog), CustomColumns(new, in: table, of: catalog))
        lock(to)
        let change = KindChange(from: old, to: new)
        switch change {
        case .nothing: break
        case .kept(let condition): refuse(.loses, "EXISTS (SELECT FROM \(identifier: table) WHERE \(SQL(code: condition)))")
        case .converted(let expression, let condition):
            refuse(.loses, "EXISTS (SELECT FROM \(identifier: table) WHERE \(SQL(code: condition)))")
            after +=
                [from.notUnique, from.noWords] + from.noDefaults
                + from.names.map { column in
                    ddl("ALTER TABLE \(SQL.quoted(identifier: table)) ALTER COLUMN \(SQL.quoted(identifier: column)) DROP NOT NULL")
                }
            after.append(to.converting(expression))
        case .none:
            refuse(.loses, "EXISTS (SELECT FROM \(identifier: table) WHERE \(SQL(code: from.isSet)))")
            if new.isRequired && new.standard.isNull { refuse(.needsDefault, "EXISTS (SELECT FROM \(identifier: table))") }
            after += from.dropping + to.adding
            return
        }
        if from.hasWords && !to.hasWords { after.append(from.noWords) }
        if to.hasWords && (change.rebuilds || !from.hasWords) { after.append(to.words) }
        if change.rebuilds || old.standard != new.standard { after += to.defaults }
        if new.isRequired || new.kind.isNeverNull {
            if new.isRequired, new.standard.isNull, !new.kind.isNeverNull {
                refuse(.needsDefault, "EXISTS (SELECT FROM \(identifier: table) WHERE \(SQL(code: from.isMissing)))")
            }
            if let filling = to.filling { after.append(filling) }
            after += to.required
        } else if old.isRequired {
            after += to.optional
        }
        if old.isUnique && (!new.isUnique || change.rebuilds || old.kind != new.kind) { after.append(from.notUnique) }
        if new.isUnique && (!old.isUnique || change.rebuilds || old.kind != new.kind) { after.append(to.unique) }
    }

    /// The column stays, but binds nobody.
    package mutating func hide(_ field: CustomField, in table: String, of catalog: Catalog) {
        let columns = CustomColumns(field, in: table, of: catalog)
        lock(columns)
        if field.isUnique { after.append(columns.notUnique) }
        if field.isRequired && field.standard.isNull { after += columns.optional }
    }

    /// The column binds again.
    package mutating func show(_ field: CustomField, in table: String, of catalog: Catalog) {
        let columns = CustomColumns(field, in: table, of: catalog)
        lock(columns)
        if field.isRequired {
            if field.standard.isNull && !field.kind.isNeverNull {
                refuse(.needsDefault, "EXISTS (SELECT FROM \(identifier: table) WHERE \(SQL(code: columns.isMissing)))")
            }
            if let filling = columns.filling { after.append(filling) }
            after += columns.required
        }
        if field.isUnique { after.append(columns.unique) }
    }

    package mutating func drop(_ field: CustomField, from table: String, of catalog: Catalog) {
        let columns = CustomColumns(field, in: table, of: catalog)
        lock(columns)
        after += columns.dropping
    }

    /// Nobody writes to the table from here to the end of the transaction.
    package mutating func close(_ table: String) {
        before.append(ddl("ALTER TABLE \(SQL.quoted(identifier: table)) ALTER COLUMN id SET NOT NULL"))
    }

    private mutating func refuse(_ refusal: Refusal, _ condition: SQL) { refuse(refusal.rawValue, where: condition) }

    /// A single flush has no BEGIN, which LOCK TABLE asks for; a change that changes nothing takes the same lock. Conditions that are asked
    /// after it hold until the end. A reference's target is locked by the foreign key itself.
    private mutating func lock(_ columns: CustomColumns) {
        close(columns.table)
    }
}
