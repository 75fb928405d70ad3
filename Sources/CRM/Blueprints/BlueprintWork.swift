import Foundation
import Postgres
import Records
import Tenancy

/// Applies a blueprint to a tenant and removes it, part by part. Each part is found by its id, so either can be done again at any time, also
/// after it was interrupted.
package struct BlueprintWork: Sendable {
    private let installation: Installation
    private let base: Catalog
    private let blueprint: Blueprint
    private let tenant: Tenant
    private let scope: TenantScope
    private let values: BlueprintValues

    /// What became of one part.
    package struct Outcome: Sendable, Hashable {
        package enum Word: String, Sendable, CaseIterable {
            /// Applying: it was made; it is there already; something of the tenant's has its place; it lies in the trash.
            case created, unchanged, taken
            case inTrash = "in_trash"
            /// Removing: it is gone; it was not there; it stays, because it is used or was changed.
            case removed, absent, kept
        }

        package let type: String
        package let id: String
        package let title: String
        package let word: Word
        /// Why it was not made, or stays.
        package let reason: String?
    }

    /// - Parameter base: the built-in record types. Throws as `Directory.scope(for:)`.
    package init(_ blueprint: Blueprint, for tenant: Tenant, in installation: Installation, _ base: Catalog, now: Date = .now) async throws
    {
        self.installation = installation
        self.base = base
        self.blueprint = blueprint
        self.tenant = tenant
        scope = try installation.directory.scope(for: tenant).limited(to: .seconds(60))
        let currency = try await scope.rows("SELECT coalesce(document ->> 'currency', 'EUR') FROM settings").first?.text(0) ?? "EUR"
        values = BlueprintValues(blueprint: blueprint, tenant: tenant, currency: currency, now: now)
    }

    // Applying.

    /// Makes what is missing. Refuses with `.planLimit`, before anything is made, what the plan leaves no room for, and with `.conflict` where
    /// nothing may be written.
    package func apply(by instruction: Instruction) async throws -> [Outcome] {
        try refuseClosed()
        var catalog = try await catalog()
        var missing: [Blueprint.Part] = []
        var found: [String: Outcome] = [:]
        for part in blueprint.parts {
            guard let standing = try await standing(of: part, catalog) else {
                missing.append(part)
                continue
            }
            found[part.key] = outcome(part, standing.isTrashed ? .inTrash : .unchanged)
        }
        try await refuseBeyondPlan(missing, catalog)
        for part in missing {
            found[part.key] = try await make(part, catalog)
            if Self.shaping.contains(part.type) { catalog = try await self.catalog() }
        }
        try await installation.appliedBlueprints.note(blueprint.name, of: tenant, isApplied: true, by: instruction)
        return blueprint.parts.compactMap { found[$0.key] }
    }

    private func make(_ part: Blueprint.Part, _ catalog: Catalog) async throws -> Outcome {
        guard let type = catalog[part.type] else {
            return outcome(part, .taken, "There is no record type \(part.type) here any more.")
        }
        let store = RecordStore(type, of: catalog, in: scope, for: caretaker)
        do {
            _ = try await store.create(values.body(of: part), id: values.id(part.key))
            return outcome(part, .created)
        } catch let problem as Problem {
            switch problem.code {
            case .duplicate, .conflict: return outcome(part, .taken, problem.detail)
            // What it refers to is the tenant's own, or gone.
            case .invalid:
                guard try await lacksAnother(part, catalog) else { throw problem }
                return outcome(part, .taken, problem.errors.first?.detail ?? problem.detail)
            default: throw problem
            }
        }
    }

    /// Whether a part before it is not there, so that it may lack something through no fault of its own.
    private func lacksAnother(_ part: Blueprint.Part, _ catalog: Catalog) async throws -> Bool {
        for other in blueprint.parts {
            if other.key == part.key { return false }
            guard let standing = try await standing(of: other, catalog), !standing.isTrashed else { return true }
        }
        return false
    }

    /// Types whose records change what the tenant's other records are.
    private static let shaping = ["custom_objects", "custom_fields"]

    private func refuseClosed() throws(Problem) {
        guard tenant.state.allowsWrites else {
            throw Problem(.conflict, "A tenant that is \(tenant.state.rawValue.replacing("_", with: " ")) does not change.")
        }
    }

    private func refuseBeyondPlan(_ missing: [Blueprint.Part], _ catalog: Catalog) async throws {
        guard !scope.limits.isEmpty, !missing.isEmpty else { return }
        let used = try await UsageReport(of: scope, catalog).used
        for (resource, count) in Self.needs(missing).sorted(by: { $0.key < $1.key }) {
            let there = used[resource] ?? 0
            guard let limit = scope.limits[resource], there + count > limit else { continue }
            throw PlanLimit(resource: resource, limit: limit, used: there, plan: scope.entitlements.plan.name).problem
        }
    }

    private static func needs(_ parts: [Blueprint.Part]) -> [String: Int] {
        var needs: [String: Int] = [:]
        for part in parts {
            switch part.type {
            case "custom_objects":
                needs[Resource.customObjects, default: 0] += 1
                needs[Resource.customFields, default: 0] += part.body["fields"]?.elements?.count ?? 0
            case "custom_fields": needs[Resource.customFields, default: 0] += 1
            case "pipelines", "templates", "views": break
            default:
                needs[Resource.records, default: 0] += 1
                needs[Resource.records(of: part.type), default: 0] += 1
            }
        }
        return needs
    }

    /// Refuses with `.planLimit` a blueprint for which a plan leaves a new tenant no room.
    package static func refuseBeyondPlan(_ blueprint: Blueprint, _ plan: Plan) throws(Problem) {
        for (resource, count) in needs(blueprint.parts).sorted(by: { $0.key < $1.key }) {
            guard let limit = plan.limits[resource], count > limit else { continue }
            throw PlanLimit(resource: resource, limit: limit, used: 0, plan: plan.key.name).problem
        }
    }

    // Removing.

    /// Takes away what nobody uses and nobody has changed; the rest is the tenant's own by now.
    package func remove(by instruction: Instruction) async throws -> [Outcome] {
        try refuseClosed()
        var outcomes: [String: Outcome] = [:]
        for part in blueprint.parts.reversed() { outcomes[part.key] = try await remove(part) }
        try await installation.appliedBlueprints.note(blueprint.name, of: tenant, isApplied: false, by: instruction)
        return blueprint.parts.compactMap { outcomes[$0.key] }
    }

    private func remove(_ part: Blueprint.Part) async throws -> Outcome {
        let catalog = try await catalog()
        guard let type = catalog[part.type], let standing = try await standing(of: part, catalog) else { return outcome(part, .absent) }
        if let reason = try await whyKept(part, type, standing, catalog) { return outcome(part, .kept, reason) }
        do {
            _ = try await RecordStore(type, of: catalog, in: scope, for: caretaker).purge(
                values.text(part.key), ifMatch: .versions([standing.version]))
            return outcome(part, .removed)
        } catch let problem as Problem where [.conflict, .versionMismatch, .notFound, .invalid].contains(problem.code) {
            return outcome(part, .kept, problem.detail)
        }
    }

    /// Nil for what may go.
    private func whyKept(_ part: Blueprint.Part, _ type: RecordType, _ standing: Standing, _ catalog: Catalog) async throws -> String? {
        // In the trash already: nobody wants it.
        if standing.isTrashed, !Self.shaping.contains(part.type) { return nil }
        guard standing.version == 1 else { return "It was changed since." }
        switch part.type {
        case "custom_objects":
            guard let plural = part.body["plural"]?.string, let own = catalog[plural] else { return nil }
            if try await !isEmpty(SQL(code: own.table)) { return "There are records of it." }
            let fields = try await scope.rows("SELECT count(*) FROM custom_fields WHERE type = \(plural)").first?.int(0) ?? 0
            return fields == part.body["fields"]?.elements?.count ?? 0 ? nil : "Its fields were changed since."
        case "custom_fields":
            guard let owner = part.body["type"]?.string, let name = part.body["name"]?.string, let holder = catalog[owner],
                let field = holder.customFields.first(where: { $0.name == name })
            else { return nil }
            return try await isEmpty(SQL(code: "\(holder.table) WHERE \(field.column) IS NOT NULL")) ? nil : "Records have a value in it."
        default:
            return try await isReferredTo(type, values.id(part.key), catalog) ? "Something else refers to it." : nil
        }
    }

    private func isEmpty(_ rows: SQL) async throws -> Bool { try await scope.rows("SELECT FROM \(rows) LIMIT 1").isEmpty }

    /// By something that is not of the blueprint.
    private func isReferredTo(_ type: RecordType, _ id: UUID, _ catalog: Catalog) async throws -> Bool {
        let own = blueprint.parts.map { values.text($0.key) }
        for source in catalog.references(to: type) {
            let found = try await scope.rows(
                SQL(code: "SELECT FROM \(source.type.table) AS r CROSS JOIN (SELECT ") + "\(id)::uuid"
                    + SQL(code: " AS id) AS part WHERE \(source.refers("r", to: "part.id", of: type)) AND r.id <> ALL (")
                    + "\(own)::uuid[]) LIMIT 1")
            if !found.isEmpty { return true }
        }
        return false
    }

    // What is there.

    private struct Standing {
        let version: Int
        let isTrashed: Bool
    }

    /// Nil for a part that is not there, or whose type is not.
    private func standing(of part: Blueprint.Part, _ catalog: Catalog) async throws -> Standing? {
        guard let type = catalog[part.type] else { return nil }
        return try await scope.rows(
            SQL(code: "SELECT version, deleted_at IS NOT NULL FROM \(type.table) WHERE id = ") + "\(values.id(part.key))"
        )
        .first.map { row throws(PostgresError) in Standing(version: try row.int(0), isTrashed: try row.bool(1)) }
    }

    private func catalog() async throws -> Catalog {
        let text = try await scope.rows("SELECT \(Shape.column)").first?.optionalText(0)
        return try text.map { try Shape(parsing: $0).applied(to: base) } ?? base
    }

    private var caretaker: Caller { .caretaker(of: tenant, "blueprint \(blueprint.name)") }

    private func outcome(_ part: Blueprint.Part, _ word: Outcome.Word, _ reason: String? = nil) -> Outcome {
        Outcome(type: part.type, id: values.text(part.key), title: part.title, word: word, reason: reason)
    }
}
