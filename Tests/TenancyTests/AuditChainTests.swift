import Foundation
import Postgres
import Secrets
import Support
import Testing

@testable import Tenancy

@Suite("The operators' audit") struct AuditChainTests {
    private static func fill(_ installation: Installation, rows: Int) async throws {
        for number in 1...rows {
            try await installation.audit.append(
                "deed", target: number % 3 == 0 ? nil : "target-\(number)",
                by: Instruction(
                    actor: "operator:gräce \"\(number)\"", reason: number % 2 == 0 ? nil : "line\nbreak \u{1} \\ \u{7f} 🍺",
                    requestID: number % 5 == 0 ? nil : "r\(number)"))
        }
    }

    private static func withoutGuard(_ statements: [SQL], at url: String) async throws {
        try await TestCluster.run(
            ["ALTER TABLE control.audit DISABLE TRIGGER USER", "ALTER TABLE control.audit_seals DISABLE TRIGGER USER"] + statements
                + ["ALTER TABLE control.audit ENABLE TRIGGER USER", "ALTER TABLE control.audit_seals ENABLE TRIGGER USER"], at: url)
    }

    @Test("An untouched chain is whole, and rows are added but never changed or removed") func untouched() async throws {
        try await withInstallation { installation in
            try await Self.fill(installation, rows: 40)
            try await installation.auditChain.seal()
            let report = try await installation.auditChain.verify()

            #expect(report.flaws == [] && report.rows == report.head.seq && report.rows >= 40 && report.seals == 1)
            let url = installation.settings.ownerURL
            for statement: SQL in [
                "UPDATE control.audit SET actor = 'x'", "DELETE FROM control.audit WHERE seq = 3", "TRUNCATE control.audit",
                "DELETE FROM control.audit_seals", "UPDATE control.audit_seals SET hash = ''",
            ] { await #expect(throws: PostgresError.self) { try await TestCluster.run([statement], at: url) } }
            #expect(try await installation.auditChain.verify().rows == report.rows)
        }
    }

    @Test("A row altered or removed at any place is found, whatever of it was altered") func tampering() async throws {
        try await withInstallation { installation in
            try await Self.fill(installation, rows: 60)
            let url = installation.settings.ownerURL
            let last = try await installation.auditChain.verify().head.seq
            var dice = SplitMix64(seed: 7)
            let alterations: [SQL] = [
                "actor = actor || 'x'", "action = 'other'", "target = coalesce(target, '') || 'x'", "reason = coalesce(reason, '') || 'x'",
                "request_id = coalesce(request_id, '') || 'x'", "at = at + interval '1 millisecond'", "prev_hash = repeat('1', 64)",
                "hash = repeat('2', 64)", "request_hash = repeat('3', 64)",
            ]
            try await TestCluster.run(["CREATE TABLE public.kept AS SELECT * FROM control.audit"], at: url)
            for round in 0..<30 {
                let seq = Int.random(in: 1...last, using: &dice)
                let isRemoval = round % 3 == 0
                let change: SQL =
                    isRemoval
                    ? "DELETE FROM control.audit WHERE seq = \(seq)"
                    : "UPDATE control.audit SET " + alterations[round % alterations.count] + " WHERE seq = \(seq)"
                try await Self.withoutGuard([change], at: url)

                let report = try await installation.auditChain.verify()

                #expect(report.flaws.contains { $0.seq == seq }, "\(seq) \(change.text): \(report.flaws)")
                try await Self.withoutGuard(
                    [
                        "DELETE FROM control.audit WHERE seq = \(seq)",
                        "INSERT INTO control.audit SELECT * FROM public.kept WHERE seq = \(seq)",
                    ], at: url)
                #expect(try await installation.auditChain.verify().flaws == [])
            }
        }
    }

    @Test(
        "Rows cut off the end are found, by the head and by a seal; whoever moves the head too is told by the seal or by a head kept elsewhere"
    )
    func tail() async throws {
        try await withInstallation { installation in
            try await Self.fill(installation, rows: 20)
            let url = installation.settings.ownerURL
            let kept = try await installation.auditChain.verify().head
            try await Self.withoutGuard(["DELETE FROM control.audit WHERE seq > \(kept.seq - 3)"], at: url)
            #expect(try await installation.auditChain.verify().flaws.map(\.seq) == [kept.seq - 2])

            // The head is set to where the chain ends now: without a seal only somebody who remembers can tell.
            let head: SQL = """
                UPDATE control.audit_head SET (seq, hash) = (SELECT seq, hash FROM control.audit ORDER BY seq DESC LIMIT 1)
                """
            try await TestCluster.run([head], at: url)
            #expect(try await installation.auditChain.verify().flaws == [])
            #expect(try await installation.auditChain.verify(against: kept).flaws.map(\.seq) == [kept.seq])

            try await Self.fill(installation, rows: 5)
            try await installation.auditChain.seal()
            let sealed = try await installation.auditChain.verify().head
            try await Self.withoutGuard(["DELETE FROM control.audit WHERE seq > \(sealed.seq - 2)", head], at: url)
            #expect(try await installation.auditChain.verify().flaws.map(\.seq) == [sealed.seq])
        }
    }

    @Test(
        "A chain that was written anew from an altered row on, head included, is found by its seals; a seal of another key counts nothing")
    func rewritten() async throws {
        try await withInstallation { installation in
            try await Self.fill(installation, rows: 20)
            try await installation.auditChain.seal()
            let url = installation.settings.ownerURL
            let last = try await installation.auditChain.verify().head.seq
            let anew: SQL = """
                DO $$ DECLARE r record; link text; BEGIN
                    SET LOCAL search_path = control;
                    SELECT hash INTO link FROM audit WHERE seq = 9;
                    UPDATE audit SET actor = 'nobody' WHERE seq = 10;
                    FOR r IN SELECT * FROM audit WHERE seq >= 10 ORDER BY seq LOOP
                        UPDATE audit SET prev_hash = link,
                            hash = audit_hash(link, canonical_audit(r.seq, r.at, r.actor, r.action, r.target, r.reason, link)) WHERE seq = r.seq
                        RETURNING hash INTO link;
                        UPDATE audit SET request_hash = audit_hash(hash, coalesce(to_json(request_id)::text, 'null')) WHERE seq = r.seq;
                    END LOOP;
                    UPDATE audit_head SET hash = link;
                END $$
                """
            try await Self.withoutGuard([anew], at: url)

            let report = try await installation.auditChain.verify()
            try await Self.withoutGuard(["UPDATE control.audit_seals SET mac = sha256(mac)"], at: url)
            let forged = try await installation.auditChain.verify()

            #expect(report.flaws.map(\.seq) == [last] && report.rows == last)
            #expect(forged.seals == 0 && forged.flaws.map(\.seq) == [last])
        }
    }
}
