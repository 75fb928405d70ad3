import Foundation
import Postgres
import Secrets
import Tenancy

/// The work of an import that has been started: batch after batch, each in a transaction that also says which rows are finished, so that a
/// process that dies leaves nothing half done and the next one goes on where it was.
package struct ImportRun: Sendable {
    private let id: UUID
    private let scope: TenantScope
    private let catalog: Catalog
    private let caller: Caller
    private let zone: String
    private let currency: String
    private let decimal: Character

    private let rows: Int

    package enum Outcome: Sendable { case ended, unfinished }

    /// Where rows are read and checked: a batch takes a tenth of a second, for which nobody who is served by this process should wait.
    private static let threads = BackgroundThreads(2, name: "import")

    /// - Parameters:
    ///   - zone: the tenant's, for times without one.
    ///   - currency: the tenant's, for amounts without one.
    ///   - decimal: which sign numbers have in the language of who imports, for files of which nobody has said it.
    ///   - rows: how many a transaction has. One batch is read, checked and written before the next: two at a time were a quarter faster, and
    ///     made neighbours on two processors wait more than twice as long as they do alone.
    package init(
        _ state: ImportState, of catalog: Catalog, in scope: TenantScope, for caller: Caller, zone: String, currency: String,
        decimal: Character = ".", rows: Int = 2_000
    ) {
        var caller = caller
        caller.purpose = .import
        caller.operationID = state.id
        caller.requestID = state.requestID
        id = state.id
        (self.catalog, self.caller, self.zone, self.currency, self.decimal, self.rows) = (catalog, caller, zone, currency, decimal, rows)
        self.scope = scope.limited(to: .seconds(300))
    }

    /// What the queue's handler knows of the import; nil when there is none.
    package static func state(_ id: UUID, in scope: TenantScope) async throws -> ImportState? {
        try await scope.rows("SELECT \(ImportState.selection) FROM imports AS i WHERE i.id = \(id)").first.map { try ImportState($0) }
    }

    /// Works until everything is done or the deadline has passed. Somebody else may end it meanwhile: then it ends as well.
    package func run(until deadline: ContinuousClock.Instant) async throws -> Outcome {
        guard let state = try await begin(), let staging = state.staging else { return .ended }
        let plan: ImportPlan
        do throws(Problem) {
            plan = try ImportPlan(state, of: catalog, for: caller)
        } catch {
            try await end("failed", because: error.errors.first?.detail ?? error.detail, error.code == .conflict ? .typeGone : .mapping)
            return .ended
        }
        let table = ImportState.table(staging)
        guard try await isWhole(table, state) else {
            try await end(
                "failed", because: "The rows of the file are gone, because the database was restarted; send the file again.", .rowsGone)
            return .ended
        }
        let shape = try TableShape(try await scope.rows(TableShape.reading(plan.type.table)))
        let open = try await open(state)
        let store = RecordStore(plan.type, of: catalog, in: scope, for: caller)
        let reader = CellReader(options: plan.options, decimal: decimal, zone: zone, currency: currency)
        do {
            let isEmpty = try await withTaskExecutorPreference(Self.threads) {
                var line = Line(open: open.reversed(), rows: rows, deadline: deadline)
                var preparation = ImportPreparation(plan, store, reader)
                while let range = line.next() { try await perform(range, table, shape, &preparation) }
                return line.isEmpty
            }
            guard isEmpty else { return .unfinished }
        } catch is Stopped {
            return .ended
        }
        try await end("done")
        return .ended
    }

    /// Somebody has cancelled the import, or another worker does the same rows.
    private struct Stopped: Error {}

    /// Nil when there is nothing to do. A dry run begins anew: it has left nothing to go on from.
    private func begin() async throws -> ImportState? {
        try await scope.transaction { transaction in
            guard let row = try transaction.rows("SELECT \(ImportState.selection) FROM imports AS i WHERE i.id = \(id) FOR UPDATE").first
            else { return nil }
            let state = try ImportState(row)
            guard state.isPending else { return nil }
            try transaction.flush([
                "UPDATE imports SET state = \(state.order.isRehearsal ? "validating" : "running") WHERE id = \(id)", told,
            ])
            if state.order.isRehearsal {
                try transaction.flush([
                    "UPDATE imports SET done = '{}', created = 0, updated = 0, unchanged = 0, failed = 0 WHERE id = \(id)",
                    "DELETE FROM import_errors WHERE import_id = \(id)",
                ])
            }
            return state
        }
    }

    private func isWhole(_ table: SQL, _ state: ImportState) async throws -> Bool {
        guard try await scope.rows("SELECT to_regclass(\(table.text)) IS NOT NULL")[0].bool(0) else { return false }
        return try await scope.rows("SELECT coalesce(max(n), 0) = \(state.total) FROM \(table)")[0].bool(0)
    }

    /// The rows that are not finished.
    private func open(_ state: ImportState) async throws -> [Range<Int>] {
        guard state.total > 0 else { return [] }
        return try await scope.rows(
            """
            SELECT lower(open), upper(open) FROM imports,
                unnest(int8multirange(int8range(1, \(state.total + 1)::bigint)) - done) AS open WHERE id = \(id) ORDER BY 1
            """
        ).map { try $0.int(0)..<$0.int(1) }
    }

    private func perform(
        _ range: Range<Int>, _ table: SQL, _ shape: TableShape, _ preparation: inout ImportPreparation
    ) async throws {
        var rows = try await read(range, table, preparation.plan)
        repeat {
            let (batch, later) = try await preparation.batch(of: rows)
            var room: ImportBatch.Overrun?
            while true {
                do {
                    guard try await write(batch, table, shape, room) else { throw Stopped() }
                    break
                } catch let overrun as ImportBatch.Overrun {
                    room = overrun
                } catch let error as PostgresError where error.refusal?.state == .deadlockDetected {
                    // Once more, after whoever was faster.
                    continue
                }
            }
            rows = later
        } while !rows.isEmpty
    }

    private func read(_ range: Range<Int>, _ table: SQL, _ plan: ImportPlan) async throws -> [ImportRow] {
        let columns = plan.columns.map { ", c\($0.index)" }.joined()
        let statement =
            SQL(code: "SELECT n, flaw\(columns) FROM \(table.text) WHERE n >= ")
            + "\(range.lowerBound) AND n < \(range.upperBound) ORDER BY n"
        do {
            let rows = try await scope.transaction { try $0.rows(statement.prepared(.none)) }
            return try rows.map { row in
                ImportRow(
                    number: try row.int(0), flaw: row.optionalText(1).map(ImportFlaw.init(stored:)),
                    cells: plan.columns.indices.map { row.optionalText($0 + 2) })
            }
        } catch let error as PostgresError where error.refusal?.state == .undefinedTable {
            throw Stopped()
        }
    }

    private static let unhurried: SQL = "SELECT set_config('synchronous_commit', 'off', true)"

    /// False when the import is not to go on.
    private func write(_ batch: ImportBatch, _ table: SQL, _ shape: TableShape, _ room: ImportBatch.Overrun?) async throws -> Bool {
        do {
            try await scope.transaction { transaction in
                // What a crash takes of it, it takes whole: then these rows are not finished either. The end of the import waits for the disk.
                try transaction.flush([Self.unhurried])
                let tally = try batch.perform(shape, overrun: room, transaction)
                // First, so that whoever has done the same rows meanwhile is found out by this and nothing else. Answers how many records the
                // room that was taken at the start does not cover.
                let finished = try transaction.rows(
                    """
                    UPDATE imports SET done = done + \(Self.ranges(batch.numbers))::int8multirange, created = created + \(tally.created),
                        updated = updated + \(tally.updated), unchanged = unchanged + \(tally.unchanged),
                        failed = failed + \(tally.failures.count)
                    WHERE id = \(id) AND state IN ('running', 'validating') AND NOT done && \(Self.ranges(batch.numbers))::int8multirange
                    RETURNING greatest(0, created - reserved) - greatest(0, created - \(tally.created) - reserved)
                    """)
                guard let uncovered = try finished.first?.int(0) else { throw Stopped() }
                try batch.count(tally, uncovered: uncovered, transaction)
                try transaction.flush(errors(tally, table, batch.plan) + [told, ChangeNews.told(scope.tenant.slug)])
            }
            return true
        } catch is Stopped {
            return false
        } catch let error as PostgresError where error.refusal?.state == .undefinedTable {
            return false
        }
    }

    private func errors(_ tally: ImportTally, _ table: SQL, _ plan: ImportPlan) -> [SQL] {
        guard !tally.failures.isEmpty else { return [] }
        let cells = SQL(code: plan.headers.indices.map { "coalesce(s.c\($0 + 1), '')" }.joined(separator: ", "))
        let separator = "\u{1F}"
        func joined(_ texts: (ImportTally.Failure) -> [String]) -> SQL {
            let rows = tally.failures.map { texts($0).map { $0.replacing(separator, with: " ") }.joined(separator: separator) }
            return "\(rows)::text[]"
        }
        let insert: SQL = """
            INSERT INTO import_errors (import_id, row, columns, reasons, codes, places, cells)
            SELECT \(id)::uuid, f.row, string_to_array(f.columns, \(separator)), string_to_array(f.reasons, \(separator)),
                string_to_array(f.codes, \(separator)), string_to_array(f.places, \(separator), ''), ARRAY[\(cells)]
            FROM unnest(\(tally.failures.map(\.row))::bigint[], \(joined(\.columns)), \(joined(\.reasons)), \(joined(\.codes)),
                    \(joined(\.places))) AS f (row, columns, reasons, codes, places)
                JOIN \(table) AS s ON s.n = f.row
            """
        return [insert.prepared(.none)]
    }

    /// `{[1,4),[7,8)}`
    private static func ranges(_ numbers: [Int]) -> String {
        var text = "{"
        var start: Int?
        var last = 0
        for number in numbers.sorted() + [Int.max] {
            if let begin = start, number != last + 1 || number == Int.max {
                text += (text.count > 1 ? "," : "") + "[\(begin),\(last + 1))"
                start = nil
            }
            if start == nil { start = number }
            last = number
        }
        return text + "}"
    }

    private func end(_ outcome: String, because reason: String? = nil, _ code: ImportFailure? = nil) async throws {
        try await scope.transaction { transaction in
            guard let row = try transaction.rows("SELECT \(ImportState.selection) FROM imports AS i WHERE i.id = \(id) FOR UPDATE").first
            else { return }
            let state = try ImportState(row)
            guard state.isPending else { return }
            try transaction.flush(Self.closing(id, state.staging, outcome, because: reason, code, in: scope))
        }
    }

    /// What ends it: no row of its file is kept, and its room is given back.
    private static func closing(
        _ id: UUID, _ staging: UUID?, _ outcome: String, because reason: String?, _ code: ImportFailure?, in scope: TenantScope
    ) -> [SQL] {
        [
            """
            UPDATE imports SET state = \(outcome), failure = \(reason), failure_code = \(code?.rawValue), finished_at = now(),
                staging = NULL WHERE id = \(id)
            """
        ] + (staging.map { [ImportState.dropping($0)] } ?? []) + ImportRoom.release(id, scope.entitlements)
            + [ImportState.told(id, to: scope.tenant.slug)]
    }

    private var told: SQL { ImportState.told(id, to: scope.tenant.slug) }

    /// Ends an import, or its way back, that cannot go on, for instance because its maker may not do it any more. No row of its file is kept; what
    /// was not taken back can be taken back by somebody else.
    package static func fail(_ id: UUID, because reason: String, _ code: ImportFailure, in scope: TenantScope) async throws {
        try await scope.transaction { transaction in
            let open: SQL =
                "SELECT staging FROM imports WHERE id = \(id) AND state IN ('queued', 'validating', 'running', 'reverting') FOR UPDATE"
            guard let row = try transaction.rows(open).first else { return }
            try transaction.flush(closing(id, try row.optionalUUID(0), "failed", because: reason, code, in: scope))
        }
    }

    /// The rows that are still to be done.
    private struct Line {
        /// The next ones last.
        var open: [Range<Int>]
        let rows: Int
        let deadline: ContinuousClock.Instant

        var isEmpty: Bool { open.isEmpty }

        /// Nil when there is nothing left, no time, or a wish to stop.
        mutating func next() -> Range<Int>? {
            guard ContinuousClock.now < deadline, !Task.isCancelled, let first = open.popLast() else { return nil }
            guard first.count > rows else { return first }
            open.append(first.lowerBound + rows..<first.upperBound)
            return first.lowerBound..<first.lowerBound + rows
        }
    }
}
