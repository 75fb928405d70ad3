import Foundation
import Postgres
import Records
import Tenancy

/// What a tenant takes for duplicates of one type: read by everyone who may read the type, set by those who run the account's settings.
package struct DuplicateRules: Sendable {
    private let type: RecordType
    private let catalog: Catalog
    private let scope: TenantScope
    private let caller: Caller

    /// Refuses with `.notFound` for what is no type whose records can be merged, and with `.forbidden` for who may read none of them.
    package init(of type: String, _ catalog: Catalog, in scope: TenantScope, for caller: Caller) throws(Problem) {
        guard let found = catalog[type], found.operations.contains(.merge) else { throw .notFound }
        guard caller.rights[type].read != .none else { throw Problem(.forbidden, "Your role may not read \(type).") }
        (self.type, self.catalog, self.scope, self.caller) = (found, catalog, scope, caller)
    }

    /// Those whose fields the caller sees.
    package var json: JSON { Self.json(type.duplicateRules.filter { caller.sees($0, of: type) }) }

    private static func json(_ rules: [DuplicateRule]) -> JSON { ["rules": .array(rules.map(\.json))] }

    /// Puts others in their place, with the indexes that they need; every process knows of them within a second.
    package func replace(by body: JSON) async throws -> JSON {
        guard caller.rights.admin.settings else { throw Problem(.forbidden, "Only those who run the account's settings may do this.") }
        let rules = try DuplicateRule.reading(body, of: type, for: caller)
        let change = SchemaChange()
        let indexes = DuplicateIndexes(of: type).change(from: type.duplicateRules, to: rules)
        let entry: JSON = .object([.init(type.name, .array(rules.map(\.json)))])
        do {
            _ = try await scope.limited(to: .seconds(60)).run(
                (indexes.isEmpty ? [] : change.before) + [
                    "UPDATE settings SET duplicate_rules = duplicate_rules || \(entry.text)::jsonb"
                ] + indexes + [Credentials.changed(scope.tenant.slug)])
        } catch {
            guard error.refusal?.state == .lockNotAvailable || error.refusal?.state == .queryCanceled else { throw error }
            throw Problem(.overloaded, "The records are being written at this moment; try again.", retryAfter: 1)
        }
        return Self.json(rules)
    }
}
