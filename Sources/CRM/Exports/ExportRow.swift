import Blobs
import Foundation
import Postgres
import Records
import Secrets
import Tenancy

/// The row of one export, as the job that makes its content writes it.
struct ExportRow: Sendable {
    private let id: UUID
    private let scope: TenantScope

    init(_ id: UUID, in scope: TenantScope) {
        (self.id, self.scope) = (id, scope)
    }

    /// An order that waits to be done.
    struct Order: Sendable {
        let id: UUID
        let userID: UUID
        let actor: Actor
        let order: ExportOrder

        func key(of tenant: Tenant) -> BlobKey { Exports.key(id, of: tenant) }
    }

    /// Says that the work has begun; nil when it is done already, or nobody wants it any more.
    func begin() async throws -> Order? {
        let rows = try await scope.run([
            """
            UPDATE exports SET state = 'running', total = 0, exported = 0, deleted = 0 WHERE id = \(id) AND state IN ('queued', 'running') AND expires_at > now()
            RETURNING user_id, actor_type, actor_id, type, format, conditions
            """, told,
        ])
        guard let row = rows[0].first, let kind = Actor.Kind(rawValue: try row.text(1)),
            let form = ExportRequest.Form(rawValue: try row.text(4))
        else { return nil }
        return Order(
            id: id, userID: try row.uuid(0), actor: Actor(kind, try row.uuid(2)),
            order: ExportOrder(try row.text(3), form, try JSON(parsing: row.text(5))))
    }

    /// How far it is.
    func tell(_ figures: RecordExport.Figures) async throws {
        _ = try await scope.run([
            """
            UPDATE exports SET total = \(figures.total), exported = \(figures.exported), deleted = \(figures.deleted),
                bytes = \(figures.bytes) WHERE id = \(id)
            """, told,
        ])
    }

    /// The content is there. More records than the tenant's settings call usual are an alarm: it stands in the audit, and administrators get a
    /// mail.
    func finish(_ order: Order, _ figures: RecordExport.Figures, _ blob: StoredBlob, rights: [UInt8], alarmLimit: Int) async throws {
        let alarm = figures.exported > alarmLimit ? try await self.alarm(order, figures, alarmLimit) : []
        _ = try await scope.run(
            [
                """
                UPDATE exports SET state = 'done', total = \(figures.total), exported = \(figures.exported), deleted = \(figures.deleted),
                    bytes = \(Int(blob.size)), sha256 = \(blob.digest.hex), cursor = \(figures.cursor), rights = \(SQLValue.bytes(rights)),
                    finished_at = now(), detail = NULL
                WHERE id = \(id)
                """, told,
            ] + alarm)
    }

    private func alarm(_ order: Order, _ figures: RecordExport.Figures, _ limit: Int) async throws -> [SQL] {
        let occasion = SendMail.Occasion.exportAlarm(
            .init(export: id, maker: order.userID, type: order.order.type, records: figures.exported))
        let administrators = try await scope.rows(MailReader.administrators).map { try $0.uuid(0) }
        let entry = AuditTrail.entry(
            .exportAlarm, by: order.actor, about: .init("exports", id),
            detail: ["exported": JSON(figures.exported), "limit": JSON(limit)])
        return [entry] + administrators.map { SendMail.promised(occasion, to: $0) }
    }

    func fail(_ reason: String) async throws {
        _ = try await scope.run([
            "UPDATE exports SET state = 'failed', detail = \(reason), finished_at = now() WHERE id = \(id) AND state <> 'done'", told,
        ])
    }

    /// Rides along with what writes the row: whoever waits for it hears how far it is.
    private var told: SQL {
        ProgressNotice.told(
            "exports", id: "e.id", state: "e.state", progress: ExportView.progress, owner: "e.user_id",
            from: "(SELECT * FROM exports WHERE id = \(id)) AS e", to: scope.tenant.slug)
    }
}
