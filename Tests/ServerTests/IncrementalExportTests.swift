import Foundation
import Postgres
import Records
import Support
import Tenancy
import Testing

@testable import Server

@Suite("An export goes on where another ended") struct IncrementalExportTests {
    @Test("Only what has changed comes, deleted records as their id and time, also those that are gone for good") func changes()
        async throws
    {
        let admin = try await TestSite.shared.firm().admin()
        var ids: [String] = []
        for number in 0..<6 {
            ids.append(try await admin.post("/v1/companies", ["name": .string("Firm \(number)")]).json["id"]?.string ?? "")
        }
        let whole = try await admin.finishedExport(["type": "companies", "format": "jsonl"])
        _ = try await admin.patch("/v1/companies/\(ids[0])", ["name": "New name"])
        _ = try await admin.delete("/v1/companies/\(ids[1])")
        _ = try await admin.delete("/v1/companies/\(ids[2])?purge=true")
        let made = try await admin.post("/v1/companies", ["name": "Newcomer"]).json["id"]?.string ?? ""
        // Nothing changes.
        _ = try await admin.patch("/v1/companies/\(ids[3])", ["name": "Firm 3"])
        let since = whole["cursor"] ?? .null

        let lines = try await admin.exported(["type": "companies", "format": "jsonl", "since": since])
        let next = try await admin.finishedExport(["type": "companies", "format": "csv", "since": since, "fields": ["name"]])
        let table = try await admin.get("/v1/exports/\(next["id"]?.string ?? "")/content").readByPython()
        let nothing = try await admin.finishedExport(["type": "companies", "format": "jsonl", "since": next["cursor"] ?? .null])

        let records = try lines.text.split(separator: "\n").map { try JSON(parsing: String($0)) }
        let kept = records.filter { $0["deleted_at"]?.isNull == true }
        let gone = records.filter { $0["deleted_at"]?.isNull == false }
        #expect(Set(kept.compactMap { $0["id"]?.string }) == [ids[0], made])
        #expect(kept.contains { $0["name"] == "New name" })
        #expect(Set(gone.compactMap { $0["id"]?.string }) == [ids[1], ids[2]])
        #expect(gone.allSatisfy { $0.members?.count == 2 })
        #expect(next["counters"] == ["total": 4, "exported": 2, "deleted": 2])
        #expect(Set(table.map { $0["id"] ?? "" }) == [ids[0], ids[1], ids[2], made])
        #expect(table.filter { $0["deleted_at"] != "" }.count == 2)
        #expect(nothing["counters"] == ["total": 0, "exported": 0, "deleted": 0])
        let other = try await admin.post("/v1/exports", ["type": "contacts", "format": "jsonl", "since": since])
        #expect(other.status == 422 && other.pointers == ["/since"])
    }

    /// The tenant as another process has it, whose slow work takes no connection from the exports of this one.
    private func elsewhere(_ firm: Firm) async throws -> TenantScope {
        let other = try await TestHouse.again()
        guard let tenant = try await other.directory.tenant(slug: firm.slug) else { throw Unexpected("no tenant \(firm.slug)") }
        return try other.directory.scope(for: tenant)
    }

    @Test("What a transaction wrote before an export and committed after it comes with the next, and not twice") func lateCommit()
        async throws
    {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let early = try await admin.post("/v1/companies", ["name": "Early"]).json["id"]?.string ?? ""
        let scope = try await elsewhere(firm)
        let (written, mayCommit) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        async let slow: Void = scope.transaction { transaction in
            try transaction.flush([
                "UPDATE companies SET name = 'Late', version = version + 1 WHERE id = \(early)",
                """
                INSERT INTO changes (id, type, record_id, version, action, fields)
                SELECT cell.uuid_v7(), 'companies', id, version, 'update', '{}' FROM companies WHERE id = \(early)
                """,
            ])
            written.signal()
            mayCommit.wait()
        }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                written.wait()
                continuation.resume()
            }
        }

        // Later changes are committed and exported first.
        let other = try await admin.post("/v1/companies", ["name": "Other"]).json["id"]?.string ?? ""
        let first = try await admin.finishedExport(["type": "companies", "format": "jsonl"])
        mayCommit.signal()
        try await slow
        let second = try await admin.exported(["type": "companies", "format": "jsonl", "since": first["cursor"] ?? .null])

        let records = try second.text.split(separator: "\n").map { try JSON(parsing: String($0)) }
        #expect(records.map { $0["id"]?.string } == [early] && records.first?["name"] == "Late")
        #expect(!records.contains { $0["id"]?.string == other })
    }

    @Test("With many who write, whoever follows the cursors has the same as the list, and each change once") func followers() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let scope = try await elsewhere(firm)
        let whole = try await admin.finishedExport(["type": "companies", "format": "jsonl"])
        let follower = Follower(admin, from: whole["cursor"] ?? .null)

        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<6 {
                group.addTask {
                    var dice = SplitMix64(seed: UInt64(writer))
                    var own: [String] = []
                    for number in 0..<25 {
                        let pause = Int.random(in: 0...20, using: &dice)
                        switch Int.random(in: 0..<4, using: &dice) {
                        case 0 where !own.isEmpty:
                            _ = try await admin.delete("/v1/companies/\(own.removeLast())")
                        case 1 where !own.isEmpty:
                            // Held open after its rows are written, as a slow transaction is.
                            let id = own[Int.random(in: 0..<own.count, using: &dice)]
                            let name = "slow \(number)"
                            try await scope.transaction { transaction in
                                _ = try transaction.flush([
                                    "UPDATE companies SET name = \(name), version = version + 1 WHERE id = \(id)",
                                    """
                                    INSERT INTO changes (id, type, record_id, version, action, fields)
                                    SELECT cell.uuid_v7(), 'companies', id, version, 'update', '{}' FROM companies WHERE id = \(id)
                                    """,
                                    "SELECT pg_sleep(\(pause)::integer / 1000.0)",
                                ])
                            }
                        default:
                            let made = try await admin.post("/v1/companies", ["name": .string("w\(writer) \(number)")])
                            own.append(try made.json["id"]?.string ?? "")
                        }
                    }
                }
            }
            async let following: Void = follower.run()
            try await group.waitForAll()
            await follower.stop()
            try await following
        }
        try await follower.follow()

        let listed = Dictionary(uniqueKeysWithValues: try await admin.everyRecord("companies").map { ($0["id"]?.string ?? "", $0) })
        let copy = await follower.copy
        #expect(Set(copy.keys) == Set(listed.keys))
        for (id, record) in listed { #expect(copy[id] == record, "\(copy[id]?.text ?? "missing") instead of \(record.text)") }
        // A version that comes twice, or goes back, would be one that had not changed.
        for (id, versions) in await follower.versions { #expect(versions == Array(Set(versions)).sorted(), "\(id) \(versions)") }
    }
}

/// Someone who keeps a copy of the companies by following the cursors.
private actor Follower {
    private let client: Client
    private var cursor: JSON
    private(set) var copy: [String: JSON] = [:]
    /// Of each record, which versions have come.
    private(set) var versions: [String: [Int]] = [:]

    init(_ client: Client, from cursor: JSON) { (self.client, self.cursor) = (client, cursor) }

    private var isStopped = false

    func stop() { isStopped = true }

    func run() async throws {
        while !isStopped { try await follow() }
    }

    func follow() async throws {
        let order = try await client.finishedExport(["type": "companies", "format": "jsonl", "since": cursor])
        cursor = order["cursor"] ?? .null
        let file = try await client.get("/v1/exports/\(order["id"]?.string ?? "")/content")
        for line in file.text.split(separator: "\n") {
            let record = try JSON(parsing: String(line))
            let id = record["id"]?.string ?? ""
            if record["deleted_at"]?.isNull == true { copy[id] = record } else { copy.removeValue(forKey: id) }
            if let version = record["version"]?.integer { versions[id, default: []].append(version) }
        }
    }
}
