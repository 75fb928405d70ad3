import Foundation
import Jobs
import Support

/// Jobs without work a second, with batches and one by one, against a bare SKIP LOCKED loop of pgbench in the same run.
enum Throughput {
    static func measure() async throws {
        let bare = try await pgbench()
        say("bare SKIP LOCKED loop, pgbench -c 4: \(shown(bare))/s")
        let batched = try await jobs(40_000, concurrency: 400, batch: .max)
        say("in batches: \(shown(batched))/s, \(shown(batched / bare)) of the bare loop")
        let single = try await jobs(8_000, concurrency: 16, batch: 1, workers: 4)
        say("one job per claim, 4 processes: \(shown(single))/s, \(shown(single / bare)) of the bare loop")
    }

    private static func jobs(_ count: Int, concurrency: Int, batch: Int, workers: Int = 1) async throws -> Double {
        let yard = try await Yard(tenants: 4)
        for scope in yard.scopes { try await yard.enqueue(count / 4, for: scope) }
        let tally = Tally()
        let handler = JobHandler(Nothing.self) { _, _ in
            tally.note()
            return .done
        }
        let began = ContinuousClock.now
        try await yard.working(
            (0..<workers).map { _ in
                yard.worker(handler) { settings in
                    settings.concurrency = concurrency
                    settings.batch = batch
                }
            }
        ) {
            // Done means that it is written down.
            while try await yard.cell().rows("SELECT 1 FROM jobs LIMIT 1").count > 0 { try await Task.sleep(for: .milliseconds(5)) }
        }
        let rate = Double(count) / (milliseconds(ContinuousClock.now - began) / 1000)
        await yard.installation.close()
        return rate
    }

    /// The least that a queue of one table can be: take the first that nobody has, delete it.
    private static func pgbench() async throws -> Double {
        let url = try await TestHouse.database()
        try run(
            "psql",
            [
                url, "-q", "-c",
                "CREATE TABLE bare (id bigint PRIMARY KEY, payload jsonb); INSERT INTO bare SELECT n, '{}' FROM generate_series(1, 400000) AS n; ANALYZE bare",
            ])
        let script = FileManager.default.temporaryDirectory.appending(path: "bare-\(UUID()).sql")
        try "DELETE FROM bare WHERE id = (SELECT id FROM bare ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED);\n".write(
            to: script, atomically: true, encoding: .utf8)
        let answer = try run("pgbench", ["-n", "-M", "prepared", "-c", "4", "-j", "2", "-t", "10000", "-f", script.path(), url])
        guard let line = answer.split(separator: "\n").first(where: { $0.hasPrefix("tps") }),
            let word = line.split(separator: " ").dropFirst(2).first,
            let rate = Double(word)
        else { return .nan }
        return rate
    }

    @discardableResult
    private static func run(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: output, as: UTF8.self)
    }
}
