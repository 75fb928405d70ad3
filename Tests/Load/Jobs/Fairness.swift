import Foundation
import Jobs
import Synchronization

/// One tenant has a million jobs ready; a hundred others come with one each.
enum Fairness {
    static func measure() async throws {
        let yard = try await Yard(tenants: 101)
        try await yard.enqueue(1_000_000, for: yard.scopes[0])
        let starts = Mutex<[String: ContinuousClock.Instant]>([:])
        let handler = JobHandler(Nothing.self) { _, context in
            starts.withLock { $0[context.scope.tenant.slug] = $0[context.scope.tenant.slug] ?? .now }
            // As much work as a small job has.
            try await Task.sleep(for: .milliseconds(2))
            return .done
        }
        try await yard.working([yard.worker(handler) { $0.concurrency = 64 }, yard.worker(handler) { $0.concurrency = 64 }]) {
            while starts.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(5)) }
            var took: [Double] = []
            for scope in yard.scopes.dropFirst() {
                _ = try await scope.run([.enqueue(Nothing())])
                let committed = ContinuousClock.now
                let slug = scope.tenant.slug
                while starts.withLock({ $0[slug] == nil }) { try await Task.sleep(for: .milliseconds(1)) }
                if let started = starts.withLock({ $0[slug] }) { took.append(max(0, milliseconds(started - committed))) }
            }
            say(
                "a hundred others beside a million: start after p50 \(shown(percentile(took, 0.5))) ms, p99 \(shown(percentile(took, 0.99))) ms"
            )
        }
        await yard.installation.close()
    }
}
