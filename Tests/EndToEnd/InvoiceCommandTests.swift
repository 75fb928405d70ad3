import Foundation
import Testing

@Suite("Invoices at the command line", .serialized, .timeLimit(.minutes(10))) struct InvoiceCommandTests {
    @Test("`invoice run` killed at ten random moments, and run again, leaves no number out and bills nobody twice") func killed()
        async throws
    {
        let place = try Place()
        let dev = try await Dev(in: place.path)
        let url = dev.ready.databaseURL
        let firms = 400
        // Rows of the directory alone: what is billed was read before, and nothing of a schema is looked at.
        try await sql(
            url,
            """
            SET search_path = control;
            INSERT INTO tenants (id, slug, name, cell, state, plan, plan_version, fingerprint, admin_id, admin_email)
            SELECT gen_random_uuid(), 'firm-' || n, 'Firm ' || n, 'main', 'active', 'team', 1, '', gen_random_uuid(), 'ada@example.com'
            FROM generate_series(1, \(firms)) AS n;
            INSERT INTO standings (tenant_id, since, state, plan, plan_version) SELECT id, '2020-01-01', 'active', 'team', 1 FROM tenants;
            INSERT INTO metering (tenant_id, day, records, seats, storage_bytes, mails, api_calls)
            SELECT id, day, 1, 2, 3, 4, 5 FROM tenants, generate_series('2026-03-01'::date, '2026-03-31', interval '1 day') AS day
            """)
        let command = [
            "invoice", "run", "--period", "2026-03", "--json", "--", "database_url=\(url)", "billing.seller=Tenantry Ltd; Harbour 1",
            "billing.number_prefix=T-",
        ]
        var counts: [Int] = []
        for _ in 0..<10 {
            let program = try Program(command)
            let before = try await count(url)
            // Until it has begun to write, and then a little more: a different moment each time.
            _ = try await eventually("it bills, or has ended") { try await count(url) > before || kill(program.pid, 0) != 0 ? true : nil }
            program.send(SIGKILL)
            _ = await program.end()
            counts.append(try await count(url))
        }
        let last = try await Program.run(command)
        let again = try await Program.run(command)

        // What is said on the way comes before it.
        let line = last.output.split(separator: "\n").last { $0.hasPrefix("{") } ?? ""
        let report = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(last.output)")
        #expect(last.status == 0 && again.status == 0)
        #expect(report["unchanged"] as? Int == counts.last && (report["issued"] as? Int ?? 0) + (counts.last ?? 0) == firms)
        #expect(again.output.contains("\"issued\":0"))
        let numbers = try await sql(
            url, "SELECT string_agg(place::text, ',' ORDER BY place) || ' ' || count(DISTINCT tenant_id) FROM control.invoices")
        #expect(numbers == (1...firms).map(String.init).joined(separator: ",") + " \(firms)")
        #expect(try await sql(url, "SELECT DISTINCT net || ' ' || total FROM control.invoices") == "24.00 24.00")
        print("Killed with \(counts) invoices written.")
        try await dev.stop()
    }

    @Test("Without anybody who bills, and for a month that runs, it says what to do") func refusals() async throws {
        let place = try Place()
        let dev = try await Dev(in: place.path)
        let database = "database_url=\(dev.ready.databaseURL)"

        let nobody = try await Program.run(["invoice", "run", "--period", "2026-01", "--", database])
        let wrong = try await Program.run(["invoice", "run", "--period", "January", "--", database])
        let empty = try await Program.run(["invoice", "run", "--period", "2026-01", "--json", "--", database, "billing.seller=X"])
        let rates = try await Program.run(["invoice", "run", "--", database, "billing.tax_rates=Germany"])
        let blueprints = try await Program.run(["blueprint", "list", "--json"])

        _ = try await dev.tenant("furnished")
        let applied = try await Program.run(["blueprint", "apply", "furnished", "finance", "--reason", "x", "--", database])
        let again = try await Program.run(["blueprint", "apply", "furnished", "finance", "--reason", "x", "--json", "--", database])
        let removed = try await Program.run(["blueprint", "remove", "furnished", "finance", "--reason", "x", "--", database])
        let unknown = try await Program.run(["blueprint", "apply", "furnished", "opera", "--reason", "x", "--", database])

        #expect(nobody.status == 1 && nobody.output.contains("billing.seller"), "\(nobody.output)")
        #expect(wrong.status == 64 && empty.status == 0, "\(wrong.output) \(empty.output)")
        #expect(rates.status == 78 && rates.output.contains("billing.tax_rates"))
        #expect(blueprints.status == 0 && blueprints.output.contains("\"brewery\""))
        #expect(applied.status == 0 && applied.output.contains("created"), "\(applied.output)")
        #expect(again.output.contains(#""counts":{"unchanged":"#), "\(again.output)")
        #expect(removed.status == 0 && removed.output.contains("removed"), "\(removed.output)")
        #expect(unknown.status == 1 && unknown.output.contains("home-furnishing"))
        try await dev.stop()
    }

    private func count(_ url: String) async throws -> Int { Int(try await sql(url, "SELECT count(*) FROM control.invoices")) ?? 0 }

    @discardableResult
    private func sql(_ url: String, _ statements: String) async throws -> String {
        let answer = try await Program.run(["-X", "-q", "-A", "-t", "-d", url, "-c", statements], executable: "/usr/bin/psql")
        try #require(answer.status == 0, "\(answer.output)")
        return answer.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
