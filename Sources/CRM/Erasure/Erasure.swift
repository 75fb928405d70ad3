import Foundation
import Postgres
import Records
import Tenancy

/// Takes everything out that is held about one person, for good: the contact and those merged into it, what the change log, kept answers and
/// jobs tell of it, and the words and files of what was done with this person alone. What counts stays: deals with their amounts, activities with their
/// kind and time, leads with their state.
///
/// It is no operation, so nothing undoes it; an undo of something older finds nobody to bring back.
package struct Erasure: Sendable {
    private let catalog: Catalog
    private let scope: TenantScope
    private let caller: Caller

    package init(in scope: TenantScope, for caller: Caller, _ catalog: Catalog) {
        var caller = caller
        caller.operationID = nil
        (self.catalog, self.scope, self.caller) = (catalog, scope.limited(to: .seconds(120)), caller)
    }

    private static let attempts = 3

    /// `{"erased": {"contacts": 1, ...}}`. Refuses with `.notFound` where the caller may not read the contact, with `.forbidden` where it may
    /// not delete all contacts, with `.versionMismatch` where it is not of this version.
    package func run(_ id: String, reason: String, version: Int? = nil, repeatable: RepeatableRequest?) async throws -> RecordAnswer {
        guard let type = catalog["contacts"], let id = UUID(text: id) else { throw Problem.notFound }
        let store = RecordStore(type, of: catalog, in: scope, for: caller)
        try await store.find(id.uuidString, trash: .include)
        guard caller.rights[type.name].delete == .all else {
            throw Problem(.forbidden, "Only those who may delete all contacts may erase one.")
        }
        for _ in 0..<Self.attempts {
            do {
                let work = ErasureWork(
                    contact: id, reason: reason, version: version, type: type, catalog: catalog, scope: scope, caller: caller)
                return try await scope.transaction { transaction in try work.perform(transaction, repeatable) }
            } catch let error as PostgresError {
                // A deadlock with another write is no more than its turn first.
                guard error.refusal?.state == .deadlockDetected || error.refusal?.state == .serializationFailure else { throw error }
            }
        }
        throw Problem(.overloaded, "Others are writing the same records; try again.", retryAfter: 1)
    }
}
