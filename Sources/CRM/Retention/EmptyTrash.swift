import Foundation
import Jobs
import Postgres
import Records
import Secrets
import Tenancy

/// Deletes for good what has lain in the trash for as long as the tenant's settings say (`retention.trash_days`); definitions of fields and
/// record types of a tenant's own, for thirty days.
///
/// Each goes as if someone had purged it: what refers to it refers to nothing, the change log says so. What is still used stays. Where the
/// settings say how long contacts are kept (`retention.contacts_days`), nothing of them is: they are erased.
struct EmptyTrash: Job {
    static let kind = JobKind("empty_trash") { kind in
        kind.followsClock = true
        kind.queue = "maintenance"
        kind.priority = .bulk
        kind.timeout = .seconds(1800)
        // One tenant's purges leave the database to others.
        kind.cellLimit = 2
    }

    static func handler(_ base: Catalog) -> JobHandler {
        JobHandler(EmptyTrash.self) { _, context in
            let scope = context.scope
            guard
                let row = try await scope.rows(
                    "SELECT \(Shape.column), coalesce((document->'retention'->>'trash_days')::integer, 30), document->'retention'->>'contacts_days' IS NOT NULL FROM settings"
                ).first
            else { return .giveUp(because: "The tenant's settings cannot be read.") }
            let catalog = try row.optionalText(0).map { try Shape(parsing: $0).applied(to: base) } ?? base
            let (days, erases) = (try row.int(1), try row.bool(2))
            for type in catalog.types where type.operations.contains(.trash) {
                try await empty(
                    type, of: catalog, in: scope, days: isDefinition(type) ? 30 : days, erases: erases && type.rules.canBeErased)
            }
            return .done
        }
    }

    private static func isDefinition(_ type: RecordType) -> Bool {
        type.name == CustomFields.type.name || type.name == CustomObjects.type.name
    }

    /// Page by page in the order of ids, so that what has to stay is met once. Once a day the table is read through: an index would be one
    /// more object in each of a thousand schemas.
    private static func empty(_ type: RecordType, of catalog: Catalog, in scope: TenantScope, days: Int, erases: Bool)
        async throws
    {
        let caretaker = Caller.caretaker(of: scope.tenant, "empty_trash")
        let store = RecordStore(type, of: catalog, in: scope, for: caretaker)
        let erasure = Erasure(in: scope, for: caretaker, catalog)
        var last = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        while true {
            let page = try await scope.rows(
                SQL(code: "SELECT id, version FROM \(type.table) WHERE deleted_at < (SELECT cell.tenant_now()) - make_interval(days => ")
                    + "\(days)::integer) AND id > \(last) ORDER BY id LIMIT 100")
            for row in page {
                last = try row.uuid(0)
                do {
                    // The version: whoever takes it out of the trash just now keeps it.
                    let version = try row.int(1)
                    if erases {
                        _ = try await erasure.run(last.uuidString, reason: "retention.contacts_days", version: version, repeatable: nil)
                        continue
                    }
                    _ = try await store.purge(last.uuidString, ifMatch: .versions([version]))
                } catch let problem as Problem where [.notFound, .gone, .versionMismatch, .conflict].contains(problem.code) {
                    continue
                }
            }
            if page.count < 100 { return }
        }
    }
}
