import Foundation
import Postgres
import Records
import Secrets
import Tenancy

/// Who ordered an export, as the account knows them when its content is made: rights may have changed since the order.
struct ExportMaker: Sendable {
    let caller: Caller
    let catalog: Catalog
    let dialect: CSVDialect

    /// Nil when the user may not sign in any more, or the key is revoked.
    static func find(_ userID: UUID, _ actor: Actor, _ base: Catalog, in scope: TenantScope) async throws -> ExportMaker? {
        let key: UUID? = actor.kind == .apiKey ? actor.id : nil
        let seat = Seats.isTaken(by: "u.id", scope.entitlements).map { " AND " + $0 } ?? ""
        let rows = try await scope.rows(
            """
            SELECT \(Teams.companions), r.rights, r.hidden_fields, r.readonly_fields, r.admin,
                k.rights, k.hidden_fields, k.readonly_fields, k.admin, \(Shape.column),
                u.locale, u.time_zone, coalesce((SELECT document::text FROM settings), '{}')
            FROM users AS u JOIN roles AS r ON r.id = u.role_id LEFT JOIN (
                SELECT api_keys.user_id, roles.* FROM api_keys JOIN roles ON roles.id = api_keys.role_id
                WHERE api_keys.id = \(key)::uuid AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())) AS k ON k.user_id = u.id
            WHERE u.id = \(userID) AND u.status = 'active' AND u.deleted_at IS NULL AND (\(key)::uuid IS NULL OR k.id IS NOT NULL)\(seat)
            """)
        guard let row = rows.first else { return nil }
        let own = try rights(row, from: 1)
        let caller = Caller(
            actor: actor, userID: userID, teamMemberIDs: try row.texts(0).compactMap { UUID(text: $0) },
            rights: key == nil ? own : own.intersection(try rights(row, from: 5)), requestID: "make_export")
        let settings = try SettingsDocument(parsing: row.text(12))
        return ExportMaker(
            caller: caller, catalog: try row.optionalText(9).map { try Shape(parsing: $0).applied(to: base) } ?? base,
            dialect: CSVDialect(
                locale: row.optionalText(10) ?? settings["locale"].string ?? "en",
                timeZone: row.optionalText(11) ?? settings["time_zone"].string ?? "UTC"))
    }

    private static func rights(_ row: Row, from column: Int) throws -> Rights {
        Rights(
            rights: try JSON(parsing: row.text(column)), hiddenFields: try JSON(parsing: row.text(column + 1)),
            readOnlyFields: try JSON(parsing: row.text(column + 2)), admin: try JSON(parsing: row.text(column + 3)))
    }
}

extension Caller {
    /// What decides about the content of an export, as a digest: the same rights make the same content.
    var exportRights: [UInt8] {
        let hidden = rights.hiddenFields.sorted { $0.key < $1.key }.map { JSON.array([.string($0.key), JSON($0.value.sorted())]) }
        let isOfTeam = rights.types.values.contains { $0.read == .team }
        let team = isOfTeam ? teamMemberIDs.map(\.uuidString).sorted() : []
        return Digest.sha256(JSON.array([.string(userID.uuidString), rights.document, .array(hidden), JSON(team)]).bytes)
    }
}
