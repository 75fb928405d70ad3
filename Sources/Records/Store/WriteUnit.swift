import Foundation
import Postgres
import Secrets
import Tenancy

/// The statements of one write, in the order in which they must run, for one flush.
struct WriteUnit: Sendable {
    /// Locks that several records share; they come before the record's own, so that two writes never wait for each other.
    private let locks: [SQL]
    /// Locks the record, or ends the unit: see `LockRefusal`.
    private let lock: SQL?
    /// Conditions that end the unit.
    private let guards: [SQL]
    private let writing: Writing
    /// What the type's rule adds.
    private let rules: [SQL]
    private let repeatable: RepeatableRequest?
    /// Counts what the unit has made or taken away; see `Usage`.
    private let counting: [SQL]
    /// What locks further counters, after those of records.
    private let closing: [SQL]

    /// The write itself with its change-log row, and its answer: in the same statement, or in one that follows the type's rule.
    struct Writing: Sendable {
        var write: SQL
        var answer: SQL?
    }

    init(
        locks: [SQL] = [], lock: SQL? = nil, guards: [SQL] = [], rules: [SQL] = [], repeatable: RepeatableRequest?, counting: [SQL] = [],
        closing: [SQL] = [], _ writing: Writing
    ) {
        self.locks = locks
        self.lock = lock
        self.guards = guards
        self.writing = writing
        self.rules = rules
        self.repeatable = repeatable
        self.counting = counting
        self.closing = closing
    }

    struct Outcome: Sendable {
        /// Why the record may not be written; nil when it was.
        let refusal: LockRefusal?
        let written: Row?
    }

    func run(in scope: TenantScope) async throws(PostgresError) -> Outcome {
        do throws(PostgresError) {
            return outcome(
                of: try await scope.run(statements + counting + closing + [ChangeNews.told(scope.tenant.slug)]))
        } catch {
            guard let refusal = error.refusal.flatMap(LockRefusal.init) else { throw error }
            return Outcome(refusal: refusal, written: nil)
        }
    }

    /// The same inside a transaction that does more; a refusal of the lock ends it like any other. The transaction counts at its end:
    /// `counting` stands in the flush of its last write.
    func run(in transaction: borrowing Transaction, counting: [SQL]) throws(PostgresError) -> Outcome {
        outcome(of: try transaction.flush(statements + counting + closing))
    }

    /// Turns, shared with others, that the unit waits for before it touches a record. Whoever does several units in one transaction takes
    /// the turns of all first, so that it never waits for one while it holds another's record.
    var turns: [SQL] { locks.filter(Turn.isAwaited) }

    private var before: [SQL] { (repeatable?.claim ?? []) + locks + (lock.map { [$0] } ?? []) + guards }
    var statements: [SQL] { before + [writing.write] + rules + (writing.answer.map { [$0] } ?? []) }

    /// - Parameter answers: one for each of `statements`.
    func outcome(of answers: [Rows]) -> Outcome {
        let written = answers[before.count + (writing.answer == nil ? 0 : 1 + rules.count)]
        return Outcome(refusal: nil, written: written.first)
    }
}

extension RecordType {
    /// What a write has changed, for `logging`: the rows `record` against what they were, `before`.
    var changedFields: SQL {
        SQL(code: "cell.field_changes(\(loggedJSON("before")), \(loggedJSON("record"))) FROM record JOIN before USING (id)")
    }
}

extension Caller {
    /// What every UPDATE of the record `r` assigns: a new version, by whom and when.
    package var stamp: SQL {
        "version = r.version + 1, updated_at = now(), updated_by_type = \(actor.kind.rawValue), updated_by_id = \(actor.id)"
    }

    /// Rows of `changes` for the records that `source` selects, as an INSERT; `source` begins with the expression of the fields and names
    /// the written row `record`.
    package func logging(_ action: RecordType.Change.Action, in type: RecordType, id: SQL = "cell.uuid_v7()", _ source: SQL) -> SQL {
        "INSERT INTO changes (id, type, record_id, version, action, actor_type, actor_id, request_id, operation_id, fields) SELECT " + id
            + ", \(type.name), record.id, record.version, \(purpose?.rawValue ?? action.rawValue), \(actor.kind.rawValue), \(actor.id)::uuid, "
            + "\(requestID), \(operationID)::uuid, " + source + (type.rules.following.map { " RETURNING " + $0 } ?? "")
    }
}

extension RecordStore {
    /// The row of `changes` for the one record written.
    func logging(_ action: RecordType.Change.Action, _ source: SQL) -> SQL {
        caller.logging(action, in: type, id: "\(UUID.v7())::uuid", source)
    }

    /// ` AND ...`: what a statement may write, which its lock has told already.
    func allowed(_ reach: Rights.Reach, _ ifMatch: Precondition?) -> SQL {
        var condition: SQL = reach == .all ? "" : " AND " + caller.within(reach)
        if let versions = ifMatch?.versions { condition += " AND r.version = ANY (\(versions)::int[])" }
        return condition
    }

    /// Refuses when the record was not there (`notFound`), not the caller's to write (`forbidden`) or of another version.
    func check(_ outcome: WriteUnit.Outcome, _ id: String, _ ifMatch: Precondition?, _ verb: String) async throws {
        guard let refusal = outcome.refusal else { return }
        if let error = try await explained(explanation(of: refusal, id, ifMatch, verb)) { throw error }
    }

    func explanation(of refusal: LockRefusal, _ id: String, _ ifMatch: Precondition?, _ verb: String) -> Explanation {
        let version: Int
        switch refusal {
        case .absent: return Explanation(Problem.notFound)
        case .forbidden: return Explanation(Problem(.forbidden, "Your role may read this \(type.singular) but not \(verb) it."))
        case .otherVersion(let current): version = current
        }
        let changes: SQL = """
            SELECT DISTINCT jsonb_object_keys(fields) AS field FROM changes
            WHERE record_id = \(id) AND version > \(ifMatch?.versions?.max() ?? 0)::int ORDER BY field
            """
        return Explanation([changes]) { rows in
            let changed = rows[0].compactMap { $0.optionalText(0) }.filter { !caller.rights.isHidden($0, of: type.name) }
            return Problem(
                .versionMismatch, "This \(type.singular) is at version \(version) now; read it again and apply your change to that.",
                members: [.init("current_version", JSON(version)), .init("changed", JSON(changed))])
        }
    }

    /// `written` (a WITH list) and then the answer, kept for a repetition if there is a key. `source` names the record in the WITH list.
    func answering(
        _ written: SQL, _ source: String, _ id: String, _ projection: Projection, status: Int, _ repeatable: RepeatableRequest?
    ) -> WriteUnit.Writing {
        guard type.rules.settlesLast else {
            return .init(write: answer(written, from: SQL(code: source + " AS r"), projection, status: status, repeatable))
        }
        // Where nothing was written, because the caller may not or the version is another, there is nothing to answer either.
        let settled: SQL =
            SQL(code: "\(type.table) AS r WHERE r.id = ") + "\(id) AND current_setting('tenantry.written', true) = \(id)"
        return .init(
            write: written + SQL(code: " SELECT set_config('tenantry.written', id::text, true) FROM \(source)"),
            answer: answer("WITH nothing AS (SELECT 1)", from: settled, projection, status: status, repeatable))
    }

    private func answer(_ written: SQL, from source: SQL, _ projection: Projection, status: Int, _ repeatable: RepeatableRequest?) -> SQL {
        guard let repeatable else { return written + " SELECT " + projection.columns() + " FROM " + source }
        let location = status == 201 ? "'/v1/\(type.name)/' || id" : "NULL"
        return written + ", answer AS (SELECT r.id, r.version, " + projection.json() + "::text AS body FROM " + source
            + "), remembered AS ("
            + repeatable.remember(SQL(code: "SELECT \(status)::smallint, version, \(location), body FROM answer"))
            + ") SELECT id, version, body FROM answer"
    }

    func answer(_ outcome: WriteUnit.Outcome, _ projection: Projection, status: Int, _ repeatable: RepeatableRequest?) throws
        -> RecordAnswer
    {
        guard let row = outcome.written else { throw PostgresError.unexpected("A write of \(type.name) answered no row.") }
        guard repeatable != nil else { return try answer(row, projection, status: status) }
        return RecordAnswer(
            status: status, version: try row.int(1), id: try row.text(0), body: row.withBytes(2) { Array($0) })
    }
}
