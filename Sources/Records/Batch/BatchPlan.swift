import Foundation
import Postgres

/// What a batch will write, made before its transaction: nobody waits under locks while it is made.
struct BatchPlan: Sendable {
    /// One for each operation.
    private(set) var steps: [BatchStep] = []
    /// What the steps mean by keys, so that two batches with the same keys come one after the other.
    private(set) var keys: Set<BatchKey.Identity> = []

    private let store: RecordStore
    private let requiresVersion: Bool
    private var references = BatchReferences()
    /// By key: the record that has it, or will have it after the steps so far.
    private var holders: [BatchKey.Identity: String] = [:]
    /// The records that are there, or will be.
    private var present: Set<String> = []
    private let keyFields: [FieldDefinition]

    /// - Parameter requiresVersion: whether whoever changes or deletes a record must say which version.
    init(_ order: BatchOrder, in store: RecordStore, requiresVersion: Bool) async throws {
        self.store = store
        self.requiresVersion = requiresVersion
        let fields = order.operations.compactMap { $0.key?.field }
        keyFields = store.type.keys().filter(fields.contains)
        try await look(for: order)
        for operation in order.operations { try await plan(operation) }
    }

    /// Finds everything that the batch speaks of in one go.
    private mutating func look(for order: BatchOrder) async throws {
        let ids = order.operations.compactMap(\.id)
        var sought: [(field: FieldDefinition, keys: [(identity: BatchKey.Identity, value: SQLValue)])] = []
        for field in keyFields {
            // A value that no record can have is refused when its turn comes.
            let keys = order.operations.compactMap(\.key).filter { $0.field == field }.compactMap { try? $0.read(at: "") }
            self.keys.formUnion(keys.map(\.identity))
            sought.append((field, keys))
        }
        guard !ids.isEmpty || !sought.isEmpty else { return }
        let seeing: SQL =
            SQL(code: "SELECT r.id FROM \(store.type.table) AS r WHERE r.id = ANY (") + "\(ids)::uuid[])" + store.condition(.without)
        let rows = try await store.scope.run(
            [seeing] + sought.map { store.holders(of: $0.field, $0.keys.map(\.value)) }, isRepeatable: true)
        present = Set(try rows[0].map { try $0.text(0) })
        for (index, part) in sought.enumerated() {
            for row in rows[index + 1] {
                let id = try row.text(1)
                holders[part.keys[try row.int(0) - 1].identity] = id
                present.insert(id)
            }
        }
    }

    private mutating func plan(_ operation: BatchOrder.Operation) async throws {
        var step: BatchStep
        do {
            step = try await self.step(operation)
        } catch let problem as Problem {
            step = BatchStep(operation, refused: problem, id: operation.id.flatMap { present.contains($0) ? $0 : nil })
        }
        if let write = step.write { remember(write) }
        references.note(operation, id: step.write?.id)
        steps.append(step)
    }

    private func step(_ operation: BatchOrder.Operation) async throws -> BatchStep {
        let resolved = references.resolve(operation.body, of: store.type)
        let found = try record(of: operation)
        if resolved.isLost { throw Problem.failedDependency("What the body refers to has come to nothing.") }
        guard resolved.errors.isEmpty else { throw Problem.invalid(resolved.errors).under("\(operation.place)/body") }
        var write: PlannedWrite
        do {
            write = try await self.write(operation, found, resolved.body)
        } catch let problem as Problem {
            throw problem.under("\(operation.place)/body")
        }
        write.place = "\(operation.place)/body"
        return BatchStep(operation, write, needs: resolved.needs)
    }

    /// The record that the operation is about; nil when it makes one.
    private func record(of operation: BatchOrder.Operation) throws(Problem) -> String? {
        switch operation.target {
        case nil: return nil
        case .id:
            guard let id = operation.id, present.contains(id) else { throw .notFound }
            return id
        case .key(let key):
            let (identity, _) = try key.read(at: "\(operation.place)/key/\(key.field.path.pointerToken)")
            if operation.verb == .upsert { return holders[identity] }
            guard let id = holders[identity] else { throw .notFound }
            return id
        }
    }

    private func write(_ operation: BatchOrder.Operation, _ found: String?, _ body: JSON) async throws -> PlannedWrite {
        let type = store.type
        guard let found else {
            guard store.caller.rights[type.name].create else { throw Problem(.forbidden, "Your role may not create \(type.name).") }
            let body = operation.key?.completing(body) ?? body
            let draft = try Draft(body, of: type, by: store.caller, isCreate: true)
            try agree(operation, draft)
            // An upsert says itself by what the record is known.
            return try await store.creation(of: draft, looksForDuplicates: operation.verb == .create)
        }
        guard !requiresVersion || operation.version != nil else {
            throw Problem(.preconditionRequired, "This account wants a version on every change: send the one that you read.")
        }
        let version = operation.version.map { Precondition.versions([$0]) }
        guard operation.verb != .delete else { return try await store.trashing(found, ifMatch: version) }
        let draft = try Draft(body, of: type, by: store.caller, isCreate: false)
        try agree(operation, draft)
        return try await store.change(of: found, by: draft, ifMatch: version)
    }

    /// An upsert leaves the record under the key by which it was sought: the same batch again finds it.
    private func agree(_ operation: BatchOrder.Operation, _ draft: Draft) throws(Problem) {
        guard operation.verb == .upsert, let key = operation.key, let given = draft.inputs[key.field.path] else { return }
        let (identity, _) = try key.read(at: "")
        guard BatchKey.Identity(key.field, given) == identity else {
            throw Problem.invalid([.init(key.field.pointer, .range, "This is another \(key.field.path) than the key's.")])
        }
    }

    /// What the steps after it find.
    private mutating func remember(_ write: PlannedWrite) {
        if write.action == .trash {
            present.remove(write.id)
            holders = holders.filter { $0.value != write.id }
            return
        }
        present.insert(write.id)
        for field in keyFields {
            guard let given = write.draft.inputs[field.path] else { continue }
            holders = holders.filter { $0.key.field != field.path || $0.value != write.id }
            if let identity = BatchKey.Identity(field, given) { holders[identity] = write.id }
        }
    }
}

/// One operation of a batch as it will be done, or why it will not.
struct BatchStep: Sendable {
    let operation: BatchOrder.Operation
    /// Nil for one that is refused already.
    let write: PlannedWrite?
    let refusal: BatchResult?
    /// The operations without which it makes no sense.
    let needs: Set<Int>

    init(_ operation: BatchOrder.Operation, _ write: PlannedWrite, needs: Set<Int>) {
        (self.operation, self.write, self.needs) = (operation, write, needs)
        refusal = nil
    }

    init(_ operation: BatchOrder.Operation, refused problem: Problem, id: String?) {
        self.operation = operation
        refusal = BatchResult(operation, problem, id: id)
        write = nil
        needs = []
    }

    /// The record's id for the answer to a refusal: what was never made has none.
    var knownID: String? { write.flatMap { $0.action == .create ? nil : $0.id } }
}

extension BatchOrder.Operation {
    var key: BatchKey? { if case .key(let key)? = target { key } else { nil } }

    /// As the database writes it; nil for what is no id, or where a key is given.
    var id: String? {
        guard case .id(let text)? = target else { return nil }
        return UUID(text: text)?.text
    }
}
