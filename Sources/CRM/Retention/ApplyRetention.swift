import Foundation
import Jobs
import Postgres
import Records
import Tenancy

/// Puts what is not to be kept any longer into the trash, as the tenant's settings say (`retention.contacts_days` and so on, and
/// `retention.own_types`): each as if someone had deleted it, so that it can be brought back until the trash is emptied. Forgets old looks for duplicates.
struct ApplyRetention: Job {
    static let kind = JobKind("apply_retention") { kind in
        kind.followsClock = true
        kind.queue = "maintenance"
        kind.priority = .bulk
        kind.timeout = .seconds(1800)
        kind.cellLimit = 2
    }

    static func handler(_ base: Catalog) -> JobHandler {
        JobHandler(ApplyRetention.self) { _, context in
            let scope = context.scope
            let rows = try await scope.rows(
                """
                SELECT \(Shape.column), rule.key, rule.value FROM settings
                    CROSS JOIN LATERAL jsonb_each_text(coalesce(document -> 'retention', '{}')) AS rule
                """)
            for row in rows {
                let (setting, value) = (try row.text(1), row.optionalText(2) ?? "")
                let catalog = try row.optionalText(0).map { try Shape(parsing: $0).applied(to: base) } ?? base
                if setting == RetentionRule.ownTypes {
                    for rule in try JSON(parsing: value).elements ?? [] {
                        // A type may be gone since it was named.
                        guard let type = rule["type"]?.string.flatMap({ catalog[$0] }), type.isOfTenant, let days = rule["days"]?.integer
                        else { continue }
                        try await apply(.own(type, in: catalog), days: days, catalog, in: scope)
                    }
                } else if let rule = RetentionRule.all.first(where: { $0.setting == setting }), let days = Int(value) {
                    try await apply(rule, days: days, catalog, in: scope)
                }
            }
            _ = try await scope.run(["DELETE FROM duplicate_scans WHERE created_at < now() - interval '7 days'"])
            return .done
        }
    }

    /// Page by page in the order of ids, so that what has to stay is met once. Read through once a day, without an index: see EmptyTrash.
    private static func apply(_ rule: RetentionRule, days: Int, _ catalog: Catalog, in scope: TenantScope) async throws {
        guard let type = catalog[rule.type] else { return }
        let store = RecordStore(type, of: catalog, in: scope, for: .caretaker(of: scope.tenant, "apply_retention"))
        var last = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        while true {
            let page = try await scope.rows(
                SQL(
                    code:
                        "SELECT r.id, r.version FROM \(type.table) AS r CROSS JOIN (SELECT (SELECT cell.tenant_now()) - make_interval(days => "
                )
                    + "\(days)::integer) AS moment) AS since WHERE r.deleted_at IS NULL AND r.id > \(last) AND "
                    + SQL(code: "(\(rule.condition)) ORDER BY r.id LIMIT 100"))
            for row in page {
                last = try row.uuid(0)
                do {
                    // The version: whoever writes it just now keeps it.
                    _ = try await store.trash(last.uuidString, ifMatch: .versions([try row.int(1)]))
                } catch let problem as Problem where [.notFound, .versionMismatch, .conflict].contains(problem.code) {
                    continue
                }
            }
            if page.count < 100 { return }
        }
    }
}

extension Caller {
    /// Whom the change log names for what the service itself does at night.
    static func caretaker(of tenant: Tenant, _ work: String) -> Caller {
        Caller(
            actor: Actor(.system, tenant.id), userID: tenant.adminID, rights: Rights(types: ["*": .everything], admin: .everything),
            requestID: work)
    }
}
