import Blobs
import Foundation
import Postgres
import Records
import Secrets
import Tenancy

/// The exports that someone has ordered. Everyone sees their own and those of their API keys; a key sees its own.
package struct Exports: Sendable {
    private let scope: TenantScope
    private let caller: Caller
    private let catalog: Catalog

    package init(in scope: TenantScope, for caller: Caller, of catalog: Catalog) {
        (self.scope, self.caller, self.catalog) = (scope, caller, catalog)
    }

    /// How long a content is kept.
    package static let days = 7

    /// Where a content lies.
    static func key(_ id: UUID, of tenant: Tenant) -> BlobKey {
        // The words of two UUIDs: always a key.
        // swift-format-ignore: NeverForceUnwrap
        BlobKey("tenants/\(tenant.id.text)/exports/\(id.text)")!
    }

    /// Takes an order: the row, the job, the audit and the answer for a repetition leave in one flush. Refuses with `.invalid` and
    /// `.forbidden`.
    package func order(_ order: ExportOrder, from address: String, _ repeatable: RepeatableRequest?) async throws -> RecordAnswer {
        _ = try await order.request(in: scope, of: catalog, for: caller)
        let id = UUID.v7()
        let location = "/v1/exports/\(id.text)"
        let shown: SQL = "SELECT \(ExportView.json)::text FROM exports AS e WHERE e.id = \(id)"
        let claim = repeatable?.claim ?? []
        let kept = repeatable?.remember(
            "SELECT 202::smallint, NULL::integer, \(location)::text, shown.body FROM (\(shown)) AS shown (body)")
        let rows = try await scope.run(
            claim + [
                """
                INSERT INTO exports (id, actor_type, actor_id, user_id, type, format, conditions, expires_at)
                VALUES (\(id), \(caller.actor.kind.rawValue), \(caller.actor.id), \(caller.userID), \(order.type), \(order.form.rawValue),
                    \(order.conditions.text)::jsonb, now() + make_interval(days => \(Self.days)))
                """,
                shown,
                .enqueue(MakeExport(export: id), key: id.uuidString),
                AuditTrail.entry(
                    .exportRequested, by: caller.actor, about: .init("exports", id), from: address, requestID: caller.requestID,
                    detail: ["type": .string(order.type), "format": .string(order.form.rawValue)]),
            ] + (kept.map { [$0] } ?? []))
        var answer = RecordAnswer(status: 202, body: rows[claim.count + 1].first?.withBytes(0) { Array($0) })
        answer.location = location
        return answer
    }

    /// The newest first.
    package func list(before id: UUID?, limit: Int) async throws -> [(id: UUID, document: JSON)] {
        let rows = try await scope.rows(
            """
            SELECT e.id, \(ExportView.json) FROM exports AS e WHERE \(mine) AND (\(id)::uuid IS NULL OR e.id < \(id)::uuid)
            ORDER BY e.id DESC LIMIT \(limit)
            """)
        return try rows.map { (try $0.uuid(0), try JSON(parsing: $0.text(1))) }
    }

    package func get(_ id: UUID) async throws -> RecordAnswer {
        let rows = try await scope.rows("SELECT \(ExportView.json) FROM exports AS e WHERE e.id = \(id) AND \(mine)")
        guard let row = rows.first else { throw Problem.notFound }
        return RecordAnswer(status: 200, body: row.withBytes(0) { Array($0) })
    }

    /// A content that is ready to be taken away.
    package struct File: Sendable {
        package let key: BlobKey
        package let name: String
        package let form: ExportRequest.Form
        package let size: Int64
        package let digest: String
    }

    /// Refuses with `.conflict` as long as there is no content, with `.forbidden` when the caller's role is not the one it was made with.
    /// The audit tells that it was taken away.
    package func file(_ id: UUID, from address: String) async throws -> File {
        let rows = try await scope.rows(
            """
            SELECT e.type, e.format, e.state, e.created_at, e.bytes, e.sha256, e.rights = \(SQLValue.bytes(caller.exportRights)), e.detail
            FROM exports AS e WHERE e.id = \(id) AND \(mine)
            """)
        guard let row = rows.first, let form = ExportRequest.Form(rawValue: try row.text(1)) else { throw Problem.notFound }
        let type = try row.text(0)
        guard try row.text(2) == "done" else {
            throw Problem(
                .conflict, row.optionalText(7).map { "The export failed: \($0)" } ?? "The export is not ready yet; ask again soon.")
        }
        guard caller.rights[type].export, try row.optionalBool(6) ?? false else {
            throw Problem(.forbidden, "Your role has changed since this export was made; order it again.")
        }
        _ = try await scope.run([
            AuditTrail.entry(.exportDownloaded, by: caller.actor, about: .init("exports", id), from: address, requestID: caller.requestID)
        ])
        let day = try row.date(3).apiText.prefix(10)
        return File(
            key: Self.key(id, of: scope.tenant), name: "\(type)-\(day).\(form.suffix)", form: form, size: Int64(try row.int(4)),
            digest: try row.text(5))
    }

    /// The row `e` is one that the caller may see.
    private var mine: SQL {
        let key: UUID? = caller.actor.kind == .user ? nil : caller.actor.id
        return "e.expires_at > now() AND e.user_id = \(caller.userID) AND (\(key)::uuid IS NULL OR e.actor_id = \(key)::uuid)"
    }

    /// Ends every export there is, for whoever was in one is to be forgotten: at once for those who ask, and its content as soon as a worker
    /// comes.
    static var ending: [SQL] {
        ["UPDATE exports SET expires_at = now(), conditions = '{}'", .enqueue(ForgetExports(), key: "ending")]
    }
}

extension ExportRequest.Form {
    package var suffix: String {
        switch self {
        case .csv: "csv"
        case .jsonl: "jsonl"
        case .vcard: "vcf"
        }
    }

    package var contentType: String {
        switch self {
        case .csv: "text/csv; charset=utf-8; header=present"
        case .jsonl: "application/jsonl"
        case .vcard: "text/vcard; charset=utf-8"
        }
    }
}
