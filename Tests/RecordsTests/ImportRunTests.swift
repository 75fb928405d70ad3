import CRM
import Foundation
import Postgres
import Records
import Secrets
import Support
import Tenancy
import Testing

/// An import goes on after whatever happens to who does it.
@Suite("Imports in pieces") struct ImportRunTests {
    private let catalog = TestHouse.catalog

    private func imports(_ tenant: TestTenant) -> Imports {
        Imports(
            catalog, in: tenant.scope, for: tenant.admin, promises: ImportPromises(run: { _ in "SELECT 1" }, revert: { _ in "SELECT 1" }))
    }

    /// An import that has been started; nobody works on it.
    private func started(_ tenant: TestTenant, _ order: JSON, _ file: String, piece: Int = 1_000) async throws -> UUID {
        let answer = try await imports(tenant).create(order, nil)
        let id = try #require(try JSON(parsing: answer.body ?? [])["id"]?.string.flatMap(UUID.init(uuidString:)))
        let upload = ImportUpload(catalog, in: tenant.scope, for: tenant.admin, limit: 1 << 30, words: HeaderWords.of)
        let bytes = Array(file.utf8)
        let pieces = AsyncStream<[UInt8]> { stream in
            for start in stride(from: 0, to: bytes.count, by: piece) { stream.yield(Array(bytes[start..<min(bytes.count, start + piece)])) }
            stream.finish()
        }
        _ = try await upload.take(try await imports(tenant).get(id), pieces, charset: nil)
        _ = try await imports(tenant).start(id, nil)
        return id
    }

    private func run(
        _ id: UUID, _ tenant: TestTenant, rows: Int, for time: Duration = .seconds(60)
    ) async throws -> ImportRun.Outcome {
        let state = try #require(try await ImportRun.state(id, in: tenant.scope))
        return try await ImportRun(
            state, of: catalog, in: tenant.scope, for: tenant.admin, zone: "UTC", currency: "EUR", rows: rows
        ).run(until: .now + time)
    }

    private func counters(_ id: UUID, _ tenant: TestTenant) async throws -> [Int?] {
        let document = try await imports(tenant).get(id).document
        return ["total", "created", "updated", "unchanged", "failed"].map { document["counters"]?[$0]?.integer }
    }

    @Test("Of several who do the same import at once, or stop in the middle, every row is done once", arguments: ["create", "upsert"])
    func once(_ mode: String) async throws {
        let tenant = try await TestHouse.tenant()
        let file = "Last Name,E-Mail\n" + (1...600).map { "N\($0),\($0 % 50 == 0 ? "bad" : "n\($0)@example.com")\n" }.joined()
        let id = try await started(tenant, ["type": "contacts", "mode": .string(mode), "key": "email"], file, piece: 37)

        for _ in 0..<3 { _ = try await run(id, tenant, rows: 11, for: .milliseconds(20)) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for rows in [7, 13, 29] { group.addTask { _ = try await run(id, tenant, rows: rows) } }
            try await group.waitForAll()
        }
        while try await run(id, tenant, rows: 11) == .unfinished {}

        #expect(try await counters(id, tenant) == [600, 588, 0, 0, 12])
        #expect(try await imports(tenant).get(id).state == "done")
        let rows = try await tenant.scope.rows("SELECT count(*), count(DISTINCT last_name) FROM contacts")[0]
        #expect(try rows.int(0) == 588 && rows.int(1) == 588)
        let changes = try await tenant.scope.rows("SELECT count(*), count(DISTINCT record_id) FROM changes WHERE operation_id = \(id)")[0]
        #expect(try changes.int(0) == 588 && changes.int(1) == 588)
        #expect(
            try await tenant.scope.rows("SELECT used FROM \(Usage.rows) AS counted WHERE resource = 'records.contacts'")[0].int(0) == 588)
        #expect(try await tenant.scope.rows("SELECT count(*) FROM import_errors WHERE import_id = \(id)")[0].int(0) == 12)
        #expect(
            try await tenant.scope.rows("SELECT count(*) FROM pg_class WHERE relname LIKE 'import_0%' AND pg_table_is_visible(oid)")[0].int(
                0) == 0)
    }

    @Test("A file that passes the limit on its way is refused, and nothing of it is kept") func tooLarge() async throws {
        let tenant = try await TestHouse.tenant()
        let answer = try await imports(tenant).create(["type": "contacts"], nil)
        let id = try #require(try JSON(parsing: answer.body ?? [])["id"]?.string.flatMap(UUID.init(uuidString:)))
        let upload = ImportUpload(catalog, in: tenant.scope, for: tenant.admin, limit: 300_000, words: HeaderWords.of)
        let state = try await imports(tenant).get(id)
        let rows = Array(String(repeating: "Nnnnnnnnn\n", count: 100).utf8)
        let pieces = AsyncStream<[UInt8]> { stream in
            stream.yield(Array("Last Name\n".utf8))
            for _ in 0..<400 { stream.yield(rows) }
            stream.finish()
        }

        let refusal = await #expect(throws: Problem.self) { _ = try await upload.take(state, pieces, charset: nil) }

        #expect(refusal?.code == .tooLarge)
        let start = await #expect(throws: Problem.self) { _ = try await imports(tenant).start(id, nil) }
        #expect(start?.code == .conflict)
        #expect(
            try await tenant.scope.rows("SELECT count(*) FROM pg_class WHERE relname LIKE 'import_0%' AND pg_table_is_visible(oid)")[0].int(
                0) == 0)
    }

    @Test("Of an import that is cancelled while it runs what was imported stays, and nothing more comes", arguments: [false, true])
    func cancelled(isAtWork: Bool) async throws {
        let tenant = try await TestHouse.tenant()
        let id = try await started(tenant, ["type": "contacts"], "Last Name\n" + (1...20_000).map { "N\($0)\n" }.joined())
        func created() async throws -> Int { try await counters(id, tenant)[1] ?? 0 }
        // A busy machine needs longer to begin with the first rows.
        var time = Duration.milliseconds(20)
        while try await created() == 0 {
            _ = try await run(id, tenant, rows: 3, for: time)
            time *= 2
        }
        let before = try await created()

        // Between two workers' turns, or while one is at it.
        async let working = try await (isAtWork ? run(id, tenant, rows: 3) : ImportRun.Outcome.ended)
        if isAtWork { try await eventually(within: .seconds(30)) { try await created() > before } }
        _ = try await imports(tenant).cancel(id, nil)
        let left = try await created()
        let outcome = try await working
        #expect(outcome == .ended)
        #expect(try await run(id, tenant, rows: 3) == .ended)

        let state = try await imports(tenant).get(id)
        #expect(state.state == "cancelled" && (before..<20_000).contains(left), "\(state.document.text)")
        #expect(try await created() == left)
        #expect(try await tenant.scope.rows("SELECT count(*) FROM contacts WHERE deleted_at IS NULL")[0].int(0) == left)
        #expect(
            try await tenant.scope.rows("SELECT used FROM \(Usage.rows) AS counted WHERE resource = 'records.contacts'")[0].int(0) == left)
    }

    @Test("When the database has lost the file's rows the import fails and says so") func lost() async throws {
        let tenant = try await TestHouse.tenant()
        let id = try await started(tenant, ["type": "contacts"], "Last Name\nA\nB\n")
        let staging = try await tenant.scope.rows("SELECT replace(staging::text, '-', '') FROM imports WHERE id = \(id)")[0].text(0)
        _ = try await tenant.scope.run(["TRUNCATE \(identifier: "import_\(staging)")"])

        _ = try await run(id, tenant, rows: 10)

        let document = try await imports(tenant).get(id).document
        #expect(document["state"] == "failed" && document["failure"]?.string?.contains("send the file again") == true)
        #expect(document["failure_code"] == "rows_gone")
    }

    @Test("Of an import that cannot go on no row of the file is kept") func failed() async throws {
        let tenant = try await TestHouse.tenant()
        let id = try await started(tenant, ["type": "contacts"], "Last Name\nA\n")
        let staging = try await tenant.scope.rows("SELECT 'import_' || replace(staging::text, '-', '') FROM imports WHERE id = \(id)")
        let table = try staging[0].text(0)

        try await ImportRun.fail(id, because: "Whoever started it is gone.", .makerGone, in: tenant.scope)

        let left = try await tenant.scope.rows(
            "SELECT state, staging IS NULL, to_regclass(\(table)) IS NULL FROM imports WHERE id = \(id)")[0]
        #expect(try left.text(0) == "failed" && left.bool(1) && left.bool(2))
    }

    @Test("After a month nothing of an import is left, and after a week nothing of a file that nobody wanted") func forgotten() async throws
    {
        let tenant = try await TestHouse.tenant()
        let done = try await started(tenant, ["type": "contacts"], "Last Name\nA\n,\n")
        _ = try await run(done, tenant, rows: 10)
        let made = try await imports(tenant).create(["type": "contacts"], nil)
        let waiting = try #require(try JSON(parsing: made.body ?? [])["id"]?.string)
        let fresh = try await started(tenant, ["type": "contacts"], "Last Name\nB\n")

        #expect(try await !Imports.forget(in: tenant.scope))
        _ = try await tenant.scope.run([
            "UPDATE imports SET created_at = now() - interval '31 days', finished_at = finished_at - interval '31 days' WHERE id <> \(fresh)"
        ])
        while try await Imports.forget(in: tenant.scope) {}

        #expect(try await imports(tenant).list(before: nil, limit: 10).map(\.id) == [fresh])
        #expect(try await tenant.scope.rows("SELECT count(*) FROM import_errors")[0].int(0) == 0)
        #expect(waiting != fresh.uuidString.lowercased())
        #expect(try await tenant.scope.rows("SELECT count(*) FROM contacts")[0].int(0) == 1)
    }

    @Test("Random rows are taken or refused, and kept, as the API takes, refuses and keeps them", arguments: [1, 2, 3] as [UInt64])
    func sameAsTheAPI(_ seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let fields = [
            "first_name", "last_name", "email", "phone", "title", "lifecycle_stage", "birthday", "language", "time_zone", "external_id",
        ]
        let rows = (0..<120).map { number in fields.map { Self.value($0, number, &random) } }
        let (imported, written) = (try await TestHouse.tenant(), try await TestHouse.tenant())
        func cell(_ text: String) -> String { text.isEmpty ? "" : "\"" + text.replacing("\"", with: "\"\"") + "\"" }
        let file = fields.joined(separator: ",") + "\n" + rows.map { $0.map(cell).joined(separator: ",") + "\n" }.joined()

        let id = try await started(imported, ["type": "contacts"], file, piece: 113)
        while try await run(id, imported, rows: 50) == .unfinished {}
        var accepted: [Int] = []
        for (number, row) in rows.enumerated() {
            let members = zip(fields, row).filter { !$1.isEmpty }.map { JSON.Member($0, .string($1)) }
            do {
                _ = try await written.store("contacts").create(.object(members))
                accepted.append(number + 1)
            } catch is Problem { continue }
        }

        let refused = try await imported.scope.rows("SELECT row FROM import_errors WHERE import_id = \(id) ORDER BY row").map {
            try $0.int(0)
        }
        #expect(refused == (1...rows.count).filter { !accepted.contains($0) })
        #expect(!refused.isEmpty && accepted.count > 20)
        let columns = SQL(code: fields.map { "\($0)::text" }.joined(separator: ", "))
        func kept(_ tenant: TestTenant) async throws -> [[String?]] {
            try await tenant.scope.rows(
                "SELECT \(columns), version::text, tags::text, search::text, email_opt_out::text FROM contacts ORDER BY external_id"
            ).map { row in (0..<(fields.count + 4)).map { row.optionalText($0) } }
        }
        #expect(try await kept(imported) == kept(written))
        func logged(_ tenant: TestTenant) async throws -> [String] {
            try await tenant.scope.rows(
                "SELECT (c.fields - 'owner_id')::text FROM changes AS c JOIN contacts AS r ON r.id = c.record_id ORDER BY r.external_id"
            ).map { try $0.text(0) }
        }
        #expect(try await logged(imported) == logged(written))
    }

    /// Mostly good, sometimes strange, sometimes wrong.
    private static func value(_ field: String, _ number: Int, _ random: inout SplitMix64) -> String {
        let strange = [
            "  spaced  ", "tab\there", "line\nbreak", "\"quoted\"", "comma, semi;", "Größe", "王小明", "\\.", "\\N", "🙂", "'", "x\u{301}",
            "NULL",
        ]
        if field == "external_id" { return "id-\(number)" }
        if Int.random(in: 0..<4, using: &random) == 0 { return "" }
        let isWrong = Int.random(in: 0..<25, using: &random) == 0
        switch field {
        case "email": return isWrong ? "no address" : "\(random.next() % 90)@Example.com"
        case "phone": return isWrong ? "none" : "(0) \(random.next() % 10_000_000)"
        case "lifecycle_stage": return isWrong ? "friend" : ["prospect", "customer", "former"].randomElement(using: &random) ?? ""
        case "birthday": return isWrong ? "2023-02-29" : "19\(10 + random.next() % 90)-0\(1 + random.next() % 9)-1\(random.next() % 10)"
        case "language": return isWrong ? "english!" : ["de", "zh-CN", "en"].randomElement(using: &random) ?? ""
        case "time_zone": return isWrong ? "Mars/Base" : "Europe/Berlin"
        default:
            return isWrong
                ? String(repeating: "x", count: 501) : (strange.randomElement(using: &random) ?? "") + String(random.next() % 1000)
        }
    }
}
