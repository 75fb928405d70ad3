import Foundation
import Postgres
import Records
import Tenancy

/// What a worker must know to go on with somebody's import as if that person did it: the rights of today, the record types, the clocks.
struct ImportHouse: Sendable {
    let caller: Caller
    let catalog: Catalog
    let zone: String
    let currency: String
    /// Which sign stands in numbers, in the language of who imports.
    let decimal: Character

    /// Nil when the user or the key may not enter any more.
    init?(of state: ImportState, _ base: Catalog, in scope: TenantScope) async throws {
        let key: UUID? = state.actor.kind == .apiKey ? state.actor.id : nil
        let row = try await scope.rows(
            """
            SELECT \(Shape.column), coalesce((SELECT document::text FROM settings), '{}'), r.rights, r.hidden_fields, r.readonly_fields, r.admin,
                k.id, own.rights, own.hidden_fields, own.readonly_fields, own.admin,
                ARRAY(
                    WITH RECURSIVE mine (id) AS (
                        SELECT unnest(u.team_ids)
                        UNION SELECT below.id FROM teams AS below JOIN mine ON below.parent_id = mine.id WHERE below.deleted_at IS NULL)
                    SELECT m.id FROM users m WHERE m.id = u.id OR (m.deleted_at IS NULL AND m.team_ids && ARRAY(SELECT id FROM mine))),
                u.locale
            FROM users AS u JOIN roles AS r ON r.id = u.role_id
                LEFT JOIN (api_keys AS k JOIN roles AS own ON own.id = k.role_id)
                    ON k.id = \(key)::uuid AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
            WHERE u.id = \(state.userID) AND u.status = 'active' AND u.deleted_at IS NULL
            """
        ).first
        guard let row, key == nil || !row.isNull(6) else { return nil }
        func rights(_ column: Int) throws -> Rights {
            Rights(
                rights: try JSON(parsing: row.text(column)), hiddenFields: try JSON(parsing: row.text(column + 1)),
                readOnlyFields: try JSON(parsing: row.text(column + 2)), admin: try JSON(parsing: row.text(column + 3)))
        }
        let settings = try SettingsDocument(parsing: row.text(1))
        catalog = try row.optionalText(0).map { try Shape(parsing: $0).applied(to: base) } ?? base
        caller = Caller(
            actor: state.actor, userID: state.userID, teamMemberIDs: try row.texts(11).compactMap { UUID(text: $0) },
            rights: key == nil ? try rights(2) : try rights(7).intersection(rights(2)), requestID: state.id.text)
        zone = settings["time_zone"].string ?? "UTC"
        currency = settings["currency"].string ?? "EUR"
        decimal = CSVDialect(locale: row.optionalText(12) ?? settings["locale"].string ?? "en", timeZone: zone).decimal
    }
}
