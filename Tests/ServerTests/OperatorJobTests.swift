import CRM
import Foundation
import Jobs
import Postgres
import Records
import Testing

@testable import Server

@Suite("Operators see the queue and act on it") struct OperatorJobTests {
    private struct Chore: Job {
        static let kind = JobKind("chore")
        var name = "sweep"
    }

    /// A tenant of its own with some jobs for tomorrow.
    private func firm(jobs: Int = 1) async throws -> (Firm, ids: [String]) {
        let firm = try await TestSite.shared.firm()
        for number in 0..<jobs { _ = try await firm.scope().run([.enqueue(Chore(name: "\(number)"), at: .now.addingTimeInterval(86_400))]) }
        let list = try await TestSite.shared.operator(.viewer).get("/operator/v1/jobs?tenant=\(firm.slug)&limit=200").json
        return (firm, list["data"]?.elements?.compactMap { $0["id"]?.string } ?? [])
    }

    /// What a failed job looks like.
    private func kill(_ id: String) async throws {
        _ = try await TestSite.shared.installation.cells.scope(of: "main").rows(
            "UPDATE jobs SET state = 'dead', died_at = now(), attempt = 20, error = 'sick' WHERE id = \(id)")
    }

    @Test("The list comes in pages, the newest first, and is narrowed by state, kind and tenant") func list() async throws {
        let (firm, ids) = try await firm(jobs: 5)
        let viewer = try await TestSite.shared.operator(.viewer)
        var seen: [String] = []
        var next: String? = "/operator/v1/jobs?tenant=\(firm.slug)&kind=chore&state=ready&limit=2"

        while let address = next {
            let page = try await viewer.get(address)
            seen += try page.json["data"]?.elements?.compactMap { $0["id"]?.string } ?? []
            next = page.headers[.link].map { String($0.dropFirst().prefix { $0 != ">" }) }
        }

        #expect(ids.count == 5 && seen == ids)
        #expect(ids == ids.sorted(by: >))
        for word in ["state=dead", "state=done", "kind=other", "cell=nowhere"] {
            let none = try await viewer.get("/operator/v1/jobs?tenant=\(firm.slug)&\(word)").json
            #expect(none["data"]?.elements?.isEmpty == true)
        }
        #expect(try await viewer.get("/operator/v1/jobs?state=tired").status == 400)
        #expect(try await viewer.get("/operator/v1/jobs?after=x").code == "cursor")
    }

    @Test("A dead job is started again with all its attempts, and the audit says by whom") func retry() async throws {
        let (_, ids) = try await firm()
        let id = try #require(ids.first)
        try await kill(id)
        let support = try await TestSite.shared.operator(.support)
        #expect(try await support.get("/operator/v1/jobs/\(id)").json["error"]?.string == "sick")

        let answer = try await support.post("/operator/v1/jobs/\(id)/retry", .object([]))

        #expect(answer.status == 200)
        #expect(try answer.json["state"]?.string == "ready")
        #expect(try answer.json["attempt"]?.integer == 0)
        let audit = try await TestSite.shared.operator().get("/operator/v1/audit?target=\(id)").json
        #expect(audit["data"]?.elements?.first?["action"]?.string == "retry_job")
    }

    @Test("A job that waits is cancelled for good; one that runs is a conflict; an unknown one is 404") func cancel() async throws {
        let (_, ids) = try await firm(jobs: 2)
        let support = try await TestSite.shared.operator(.support)
        _ = try await TestSite.shared.installation.cells.scope(of: "main").rows(
            "UPDATE jobs SET state = 'running', worker_id = gen_random_uuid(), started_at = now() WHERE id = \(ids[1])")

        let cancelled = try await support.post("/operator/v1/jobs/\(ids[0])/cancel", .object([]))
        let running = try await support.post("/operator/v1/jobs/\(ids[1])/cancel", .object([]))
        let again = try await support.post("/operator/v1/jobs/\(ids[0])/cancel", .object([]))

        #expect(cancelled.status == 204)
        #expect(running.status == 409 && running.code == "conflict")
        // Said again, as after an answer that was lost, it is done already.
        #expect(again.status == 204)
        #expect(try await support.post("/operator/v1/jobs/\(UUID.v7())/cancel", .object([])).status == 404)
        #expect(try await support.get("/operator/v1/jobs/\(ids[0])").status == 404)
        #expect(try await TestSite.shared.operator(.viewer).post("/operator/v1/jobs/\(ids[1])/cancel", .object([])).status == 403)
    }

    @Test("The forecast counts what is enqueued, and what schedules will bring") func forecast() async throws {
        _ = try await firm(jobs: 3)

        let rows = try await TestSite.shared.operator(.viewer).get("/operator/v1/jobs/forecast?hours=48").json["data"]?.elements ?? []

        let chores = rows.filter { $0["kind"]?.string == "chore" }.compactMap { $0["jobs"]?.integer }.reduce(0, +)
        #expect(chores >= 3)
        for kind in ["prune_access", "empty_trash"] { #expect(rows.contains { $0["kind"]?.string == kind }) }
        #expect(try await TestSite.shared.operator(.viewer).get("/operator/v1/jobs/forecast?hours=0").status == 400)
    }

    @Test("The metrics tell depth, age, starts and ends per kind and cell") func metrics() async throws {
        let firm = try await TestSite.shared.firm()
        _ = try await firm.scope().run([.enqueue(Chore(), at: .now.addingTimeInterval(-60))])

        let page = try await TestSite.shared.operator(.viewer).get("/metrics").text

        #expect(page.contains(#"tenantry_jobs_ready{cell="main",kind="chore"}"#))
        #expect(page.contains(#"tenantry_jobs_oldest_seconds{cell="main",kind="chore"}"#))
        #expect(page.contains("# TYPE tenantry_jobs_start_seconds histogram"))
        #expect(page.contains("# TYPE tenantry_jobs_finished_total counter"))
    }
}
