import Foundation
import Mail
import Postgres
import Tenancy

/// What a process's post has done in one cell since it last told the cell: what became of mails, and how long mail servers took.
struct MailFigures: Sendable {
    enum Outcome: String, Sendable, CaseIterable {
        case sent, failed, unknown
        /// Not taken this time: it is offered again.
        case delayed
        /// Not offered to any server; the label says why.
        case skipped
    }

    private struct Place: Hashable {
        let outcome: Outcome
        let label: String
    }

    private var counts: [Place: Int] = [:]
    private var lengths = [Int](repeating: 0, count: bounds.count + 1)
    private var seconds = 0.0

    /// Of dialogues with mail servers, in seconds.
    static let bounds = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

    /// Whatever letters may be called: figures know these, and all others as one.
    private static let kinds = Set(SystemMail.all.map(\.name) + [SendTemplateTest.letterKind])

    mutating func count(_ outcome: Outcome, _ kind: String) {
        counts[Place(outcome: outcome, label: Self.kinds.contains(kind) ? kind : "other"), default: 0] += 1
    }

    /// - Parameter reason: one of the ledgers' words.
    mutating func skipped(_ reason: String) { counts[Place(outcome: .skipped, label: reason), default: 0] += 1 }

    mutating func spoke(for duration: Duration) {
        let took = Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
        lengths[Self.bounds.firstIndex { took <= $0 } ?? Self.bounds.count] += 1
        seconds += took
    }

    mutating func add(_ other: MailFigures) {
        counts.merge(other.counts, uniquingKeysWith: +)
        for place in lengths.indices { lengths[place] += other.lengths[place] }
        seconds += other.seconds
    }

    /// Adds it to the cell's, in the order of names: two processes that do so at once do not wait for each other in a circle.
    var statements: [SQL] {
        let sorted = counts.sorted { ($0.key.outcome.rawValue, $0.key.label) < ($1.key.outcome.rawValue, $1.key.label) }
        return [
            """
            INSERT INTO mail_figures AS f (outcome, label, count)
            SELECT * FROM unnest(\(sorted.map(\.key.outcome.rawValue))::text[], \(sorted.map(\.key.label))::text[], \(sorted.map(\.value))::bigint[])
            ON CONFLICT (outcome, label) DO UPDATE SET count = f.count + excluded.count
            """,
            """
            INSERT INTO mail_dialogues AS d (lengths, seconds) VALUES (\(lengths)::bigint[], \(String(seconds))::double precision)
            ON CONFLICT (only_row) DO UPDATE SET seconds = d.seconds + excluded.seconds, lengths = ARRAY(
                SELECT coalesce(d.lengths[n], 0) + coalesce(excluded.lengths[n], 0) FROM generate_series(1, \(lengths.count)::integer) AS n)
            """,
        ]
    }
}

/// What all processes' posts have done in one cell.
package struct MailCensus: Sendable {
    package let cell: String
    /// By outcome: `sent`, `failed`, `unknown`, `delayed` by the kind of mail, `skipped` and `suppressed` by reason.
    package let counts: [(outcome: String, label: String, count: Int)]
    /// How many dialogues with mail servers took no longer than each of `bounds`, and beyond the last.
    package let lengths: [Int]
    package let seconds: Double
    /// How many tenants' mail waits since too much of it came back.
    package let paused: Int

    package static var bounds: [Double] { MailFigures.bounds }

    package static func all(_ installation: Installation) async throws -> [MailCensus] {
        var all: [MailCensus] = []
        for cell in installation.cells.all {
            let answers = try await installation.cells.scope(of: cell.name).run(
                [
                    "SELECT outcome, label, count FROM mail_figures ORDER BY outcome, label",
                    "SELECT lengths, seconds FROM mail_dialogues",
                    "SELECT count(*) FROM mail_pauses",
                ], within: .seconds(3), isRepeatable: true)
            all.append(
                MailCensus(
                    cell: cell.name,
                    counts: try answers[0].map { (outcome: try $0.text(0), label: try $0.text(1), count: try $0.int(2)) },
                    lengths: try answers[1].first.map { try $0.texts(0).compactMap { Int($0) } } ?? [],
                    seconds: try answers[1].first.map { try $0.double(1) } ?? 0, paused: try answers[2].first.map { try $0.int(0) } ?? 0))
        }
        return all
    }
}
