import Foundation
import Testing

@Suite("The worker as a program", .serialized, .timeLimit(.minutes(10))) struct WorkTests {
    @Test("It works beside a server, ends in order, and what it left is seen and acted on at a terminal") func work() async throws {
        let place = try Place()
        let dev = try await Dev(in: place.path)
        _ = try await dev.tenant("working")
        let settings = ["--", "database_url=\(dev.ready.databaseURL)"]
        func jobs(_ words: String...) async throws -> (status: Int32, output: String) {
            try await Program.run(["jobs"] + words + ["--json"] + settings)
        }

        let worker = try Program(["work", "--concurrency", "4", "--queues", "maintenance", "--json"] + settings)
        _ = try await eventually("the worker works") { worker.output.contains("working") ? true : nil }
        _ = try await eventually("two processes are known to the queue") { try await workers(of: dev) == "2" ? true : nil }
        let began = ContinuousClock.now
        worker.send(SIGTERM)
        #expect(await worker.end() == 0, "\(worker.output)")
        #expect(ContinuousClock.now - began < .seconds(25))
        #expect(try await workers(of: dev) == "1", "it has said good-bye")

        #expect(try await jobs("list", "--state", "ready").status == 0)
        #expect(try await jobs("show", UUID().uuidString).status == 1)
        #expect(try await jobs("pause", "empty_trash", "--tenant", "working").status == 0)
        #expect(try await jobs("pause", "empty_trash", "--tenant", "nobody").status == 1)
        #expect(try await jobs("resume", "empty_trash", "--tenant", "working").status == 0)
        #expect(try await jobs("retry", "not-a-uuid").status == 64)
        #expect(try await Program.run(["work", "--queues", "nothing"] + settings).status == 64)
        try await dev.stop()
    }

    private func workers(of dev: Dev) async throws -> String {
        let query = "psql -X -A -t '\(dev.ready.databaseURL)' -c 'SELECT count(*) FROM cell.job_workers'"
        return try await Program.run(["-c", query], executable: "/bin/sh").output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
