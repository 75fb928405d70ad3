import Postgres
import Records

/// What fields and record types of a tenant's own have in common: who may change them, and what is said when it does not work.
enum SchemaRules {
    /// Refuses with `.forbidden` whoever does not run the account's schema, whatever the role says of the definitions themselves.
    static func admit(_ change: RecordType.Change) throws(Problem) {
        let rights = change.caller.rights
        let reach = change.action == .update ? rights["custom_fields"].update : rights["custom_fields"].delete
        guard rights.admin.schema, change.action == .create || reach == .all else {
            throw Problem(.forbidden, "Only those who run the account's fields and record types may do this.")
        }
    }

    /// Whether the version that was read is one that the write may meet; if not, the engine refuses and no table may change.
    static func mayWrite(_ version: Int, _ change: RecordType.Change) -> Bool { change.versions?.contains(version) ?? true }

    static func problem(_ constraint: String) -> Problem? {
        switch SchemaChange.Refusal(rawValue: constraint) {
        case .movedOn: return Problem(.conflict, "Someone else has just changed this definition; read it again and repeat your change.")
        case .needsDefault:
            return .invalid([
                .init("/default", .required, "Records exist that have no value: a field that is required needs a default for them.")
            ])
        case .loses:
            return Problem(.conflict, "Records have values that this change would lose; change those first.")
        case .columnTaken: return taken("/name", "There is a field of this name already; it may lie in the trash.")
        case .typeGone: return .invalid([.init("/type", .reference, "There is no such record type.")])
        case nil: break
        }
        guard constraint.hasPrefix("custom_") == false, constraint.hasSuffix("_unique") else { return nil }
        return Problem(.conflict, "Several records have the same value in this field, so it cannot be unique.")
    }

    static func taken(_ pointer: String, _ sentence: String) -> Problem {
        Problem(.duplicate, sentence, errors: [.init(pointer, .duplicate, sentence)], members: [.init("existing", [])])
    }

    /// An object shows its fields; they follow what the definitions say.
    static func mirror(_ plural: String) -> SQL {
        """
        UPDATE custom_objects SET fields = coalesce((
            SELECT json_agg(\(CustomField.json) ORDER BY created_at, id)
            FROM custom_fields WHERE custom_fields.type = custom_objects.plural AND custom_fields.deleted_at IS NULL)::jsonb, '[]')
        WHERE plural = \(plural)
        """
    }
}
