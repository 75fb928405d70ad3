import Foundation
import Jobs

/// From the commit of a promise to the start of its job, one tenant, nothing else to do.
enum Latency {
    static func measure() async throws {
        let yard = try await Yard(tenants: 1)
        let tally = Tally()
        let handler = JobHandler(Nothing.self) { _, _ in
            tally.note()
            return .done
        }
        try await yard.working([yard.worker(handler)]) {
            for warm in 1...20 {
                _ = try await yard.scopes[0].run([.enqueue(Nothing())])
                try await tally.wait(for: warm)
            }
            var took: [Double] = []
            for number in 1...500 {
                _ = try await yard.scopes[0].run([.enqueue(Nothing())])
                let committed = ContinuousClock.now
                while tally.count < 20 + number { try await Task.sleep(for: .microseconds(200)) }
                if let started = tally.last { took.append(max(0, milliseconds(started - committed))) }
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...40)))
            }
            say(
                "commit to start: p50 \(shown(percentile(took, 0.5))) ms, p99 \(shown(percentile(took, 0.99))) ms, most \(shown(took.max() ?? .nan)) ms"
            )
        }
        await yard.installation.close()
    }
}
