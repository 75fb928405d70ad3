import Foundation
import Postgres

/// What stood at an address has been merged into another record, which lives on at its own.
///
/// There is no table of redirects: the change log says of each loser whom it was merged into, and no more once it has come back.
package struct Redirect: Error, Sendable {
    /// The record that lives on.
    package let id: String

    /// How the change log calls it, beside `deleted_at`. No field has this name.
    static let member = "merged_into"

    /// The member as an expression of type jsonb.
    static func change(from before: String?, to after: String?) -> SQL {
        "jsonb_build_object(\(member)::text, jsonb_build_object('before', \(before.sqlValue)::text, 'after', \(after.sqlValue)::text))"
    }

    /// A list for WITH: `way (id)`, the record and those that it lives on in, over any number of merges that were not undone.
    static func way(from id: SQL, _ type: RecordType) -> SQL {
        let target = SQL(code: "'{\(member),after}'")
        return """
            WITH RECURSIVE way (id) AS (
                SELECT \(id)
                UNION
                SELECT (last.fields #>> \(target))::uuid
                FROM way CROSS JOIN LATERAL (
                    SELECT log.fields FROM changes AS log
                    WHERE log.record_id = way.id AND log.type = \(type.name) AND log.fields ? 'deleted_at'
                    ORDER BY log.version DESC, log.id DESC LIMIT 1
                ) AS last
                WHERE last.fields #>> \(target) IS NOT NULL)
            """
    }
}

extension RecordStore {
    /// Does the work on a record; instead of `notFound` throws a `Redirect` where it was merged into one that the caller may read, and `gone`
    /// where it was erased, unless the call has a body: what is wrong with that would have to be told first.
    package func following<T>(_ id: String, hasBody: Bool = false, _ work: () async throws -> T) async throws -> T {
        do {
            return try await work()
        } catch let problem as Problem where problem.code == .notFound && type.operations.contains(.merge) {
            guard let id = UUID(text: id), let fate = try await fate(of: id) else { throw problem }
            switch fate {
            case .merged(let winner): throw Redirect(id: winner)
            case .erased(let tombstone): throw hasBody ? problem : tombstone.problem(of: type)
            }
        }
    }

    /// What became of a record that is not there.
    private enum Fate { case merged(into: String), erased(Tombstone) }

    /// Whom the record lives on in, over any number of merges, or when it was erased; nil when it was never merged, has come back, or the last
    /// of them is in the trash, gone or not the caller's to read.
    private func fate(of id: UUID) async throws -> Fate? {
        let way = Redirect.way(from: "\(id)::uuid", type)
        let found = SQL(code: " SELECT r.id FROM way JOIN \(type.table) AS r USING (id) WHERE r.id <> ") + "\(id)" + condition(.without)
        let erased = type.rules.canBeErased && caller.readsAll(type) ? [Tombstone.query("\(id)", of: type)] : []
        let answers = try await scope.run([way + found] + erased, isRepeatable: true)
        if let winner = try answers[0].first?.text(0) { return .merged(into: winner) }
        guard let moment = answers.dropFirst().first?.first?.optionalText(0) else { return nil }
        return .erased(Tombstone(id: id.text, erasedAt: moment))
    }
}
