import Postgres

/// What a process has counted of one kind of job since it last said so.
struct WorkFigures: Sendable {
    let kind: String
    var done = 0
    var again = 0
    var failed = 0
    var dead = 0
    var rescued = 0
    /// How many started within each of `bounds`, and beyond the last.
    var starts = [Int](repeating: 0, count: bounds.count + 1)
    var startSeconds = 0.0

    /// Seconds between due and started.
    static let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600]

    init(kind: String) {
        self.kind = kind
    }

    mutating func started(late: Double) {
        starts[Self.bounds.firstIndex { late <= $0 } ?? Self.bounds.count] += 1
        startSeconds += late
    }

    mutating func ended(_ word: JobEnd.Word) {
        switch word {
        case .done: done += 1
        case .again: again += 1
        case .retry: failed += 1
        case .dead: dead += 1
        }
    }

    mutating func add(_ other: WorkFigures) {
        done += other.done
        again += other.again
        failed += other.failed
        dead += other.dead
        rescued += other.rescued
        for place in starts.indices { starts[place] += other.starts[place] }
        startSeconds += other.startSeconds
    }

    /// Adds it to the cell's totals.
    var statement: SQL {
        """
        INSERT INTO job_figures AS f (kind, done, again, failed, dead, rescued, starts, start_seconds)
        VALUES (\(kind), \(done), \(again), \(failed), \(dead), \(rescued), \(starts), \(String(startSeconds))::double precision)
        ON CONFLICT (kind) DO UPDATE SET done = f.done + excluded.done, again = f.again + excluded.again,
            failed = f.failed + excluded.failed, dead = f.dead + excluded.dead, rescued = f.rescued + excluded.rescued,
            starts = ARRAY(
                SELECT coalesce(f.starts[n], 0) + coalesce(excluded.starts[n], 0) FROM generate_series(1, \(starts.count)::integer) AS n),
            start_seconds = f.start_seconds + excluded.start_seconds
        """
    }
}
