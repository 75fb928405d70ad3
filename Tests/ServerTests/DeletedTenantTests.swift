import Blobs
import Foundation
import HTTPTypes
import Jobs
import Postgres
import Records
import Support
import Testing

@testable import Server
@testable import Tenancy

@Suite("A tenant that is deleted") struct DeletedTenantTests {
    private struct Letter: Job {
        static let kind = JobKind("farewell")
        let text: String
    }

    /// What a tenant has, its schema and everything outside. It remembers the lanes, since afterwards nothing tells whose they were.
    private struct Traces: Sendable {
        let tenant: Tenant
        private let installation: Installation
        private let lanes: [Int]

        init(of firm: Firm) async throws {
            installation = firm.site.installation
            tenant = try await firm.scope().tenant
            lanes = try await installation.cells.scope(of: tenant.cell).rows(
                "SELECT id FROM job_lanes WHERE tenant_id = \(tenant.id)"
            ).map { try $0.int(0) }
        }

        /// How many there are of each, now.
        func counts() async throws -> [String: Int] {
            let cell = try installation.cells.scope(of: tenant.cell)
            // Also of tables that are yet to come.
            let tables = try await cell.rows(
                "SELECT table_name::text FROM information_schema.columns WHERE table_schema = 'cell' AND column_name = 'tenant_id'"
            ).map { try $0.text(0) }
            var counts: [String: Int] = [:]
            for table in tables {
                let rows = try await cell.rows(SQL(code: "SELECT count(*) FROM \(table) WHERE tenant_id = ") + "\(tenant.id)")
                counts["cell.\(table)"] = try rows[0].int(0)
            }
            let others: [(String, SQL)] = [
                ("jobs", "SELECT count(*) FROM jobs WHERE lane_id = ANY (\(lanes)::bigint[])"),
                ("finished jobs", "SELECT count(*) FROM finished_jobs WHERE lane_id = ANY (\(lanes)::bigint[])"),
                ("letters", "SELECT count(*) FROM jobs WHERE lane_id = ANY (\(lanes)::bigint[]) AND payload ? 'text'"),
                ("cell.tenants", "SELECT count(*) FROM tenants WHERE id = \(tenant.id)"),
                ("schema", "SELECT count(*) FROM pg_namespace WHERE nspname = \(tenant.schema)"),
                ("role", "SELECT count(*) FROM pg_roles WHERE rolname = \(tenant.role)"),
            ]
            for (name, count) in others { counts[name] = try await cell.rows(count)[0].int(0) }
            let marks = try await installation.control.rows("SELECT count(*) FROM rate_marks WHERE tenant_id = \(tenant.id)")
            counts["rate marks"] = try marks[0].int(0)
            counts["files"] = try await installation.blobs.list(tenant.blobFolder, after: nil, limit: 10).count
            return counts
        }
    }

    /// A firm with letters that wait, a file on a contact and calls that were counted.
    private static func furnished() async throws -> Firm {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let contact = try await RightsFirm.id(of: admin.post("/v1/contacts", ["last_name": "Ng"]))
        let file = try await admin.send(
            .post, "/v1/contacts/\(contact)/attachments?name=offer.txt", bytes: Array("An offer".utf8), type: "text/plain")
        guard file.status == 201 else { throw Unexpected(file) }
        let scope = try await firm.scope()
        let tomorrow = Date.now.addingTimeInterval(86_400)
        _ = try await scope.run([.enqueue(Letter(text: "one"), at: tomorrow), .enqueue(Letter(text: "two"), at: tomorrow)])
        _ = try await firm.site.installation.cells.scope(of: scope.tenant.cell).run([
            """
            INSERT INTO finished_jobs (slot, id, lane_id, version, priority, run_at, payload, attempt, maximum_attempts, rescued,
                enqueued_at, started_at, finished_at)
            SELECT 0, gen_random_uuid(), id, 1, 0, now(), '{"text": "three"}', 1, 3, 0, now(), now(), now()
            FROM job_lanes WHERE tenant_id = \(scope.tenant.id) LIMIT 1
            """
        ])
        // So far ahead that nobody forgets it meanwhile.
        let mark = Int.max
        _ = try await firm.site.installation.control.run([
            "INSERT INTO rate_marks VALUES (\(scope.tenant.id), \(scope.tenant.id), \(mark), \(mark))"
        ])
        return firm
    }

    @Test("It takes its jobs with their lanes, its files and its counters along; its name, its lines in the audit and its neighbours stay")
    func traces() async throws {
        let site = try await TestSite.shared
        let (firm, neighbour) = (try await Self.furnished(), try await Self.furnished())
        let (admin, address) = (try await firm.admin(), "/operator/v1/tenants/\(firm.slug)")
        let (traces, others) = (try await Traces(of: firm), try await Traces(of: neighbour))
        let before = try await traces.counts()
        #expect(before["letters"] == 2 && before["finished jobs"] == 1 && before["files"] == 1 && before["rate marks"] == 1, "\(before)")
        #expect(before["schema"] == 1 && before["role"] == 1 && before["cell.tenants"] == 1, "\(before)")
        #expect((before["cell.job_lanes"] ?? 0) > 0 && (before["cell.tenant_migrations"] ?? 0) > 0, "\(before)")

        let scheduled = try await site.operator().post(address + "/schedule_deletion", ["reason": "leaves", "after": "P1D"])
        _ = try await site.installation.lifecycle.delete(firm.slug, by: Instruction(actor: "test", reason: "now"))

        #expect(scheduled.status == 200, "\(scheduled.text)")
        let left = try await traces.counts().filter { $0.value != 0 }
        #expect(left.isEmpty, "\(left)")
        #expect(try await admin.get("/v1/contacts").status == 401)
        #expect(try await site.stranger.post("/v1/session", firm.signInBody).status == 401)

        let tombstone = try await site.operator().get(address).json
        #expect(tombstone["slug"] == .string(firm.slug) && tombstone["state"] == "deleted")
        let again: JSON = ["name": "Heir", "admin": ["email": "heir@example.com", "name": "Heir"]]
        #expect(try await site.operator().put(address, again).code == "conflict")
        let audit = try await site.operator().get("/operator/v1/audit?target=\(firm.slug)").json["data"]?.elements ?? []
        #expect(audit.map { $0["action"]?.string } == ["delete", "schedule_deletion", "provision"])
        #expect(audit.map { $0["reason"]?.string } == ["now", "leaves", nil])

        let theirs = try await others.counts()
        #expect(
            theirs["letters"] == 2 && theirs["finished jobs"] == 1 && theirs["files"] == 1 && theirs["rate marks"] == 1
                && theirs["schema"] == 1, "\(theirs)")
        #expect(try await neighbour.admin().get("/v1/contacts?count=exact").json["page"]?["count"] == 1)
    }
}
