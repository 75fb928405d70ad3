import Foundation
import Jobs
import Postgres
import Support

/// What a claim costs when someone has held a snapshot while two hundred thousand jobs were done.
enum HeldSnapshot {
    static func measure() async throws {
        let yard = try await Yard(tenants: 1)
        let tally = Tally()
        let handler = JobHandler(Nothing.self) { _, _ in
            tally.note()
            return .done
        }
        try await yard.enqueue(2000, for: yard.scopes[0])
        let before = try await ClaimCost.claims(in: yard, 100)
        let holder = ExclusivePool(
            ConnectionSettings(url: yard.installation.settings.ownerURL), PoolSettings(name: "holder", connections: 1))
        // A cursor holds its snapshot as long as its first batch is looked at.
        try await holder.stream("SELECT n FROM generate_series(1, 2) AS n", batch: 2) { _ in
            let done = 200_000
            for _ in 0..<10 {
                try await yard.enqueue(done / 10, for: yard.scopes[0])
                let sofar = tally.count
                try await yard.working([yard.worker(handler) { $0.concurrency = 400 }]) { try await tally.wait(for: sofar + done / 10 - 1) }
            }
            try await yard.enqueue(2000, for: yard.scopes[0])
            // The first of these finds where the lane begins, past everything that is gone; a worker remembers it.
            let after = try await ClaimCost.claims(in: yard, 100)
            say(
                "before: p50 \(shown(percentile(before, 0.5))) ms a claim of ten; under the snapshot: first \(shown(after[0])) ms, p50 \(shown(percentile(after, 0.5))) ms, ratio \(shown(percentile(after, 0.5) / percentile(before, 0.5)))"
            )
        }
        await holder.close()
        await yard.installation.close()
    }
}
