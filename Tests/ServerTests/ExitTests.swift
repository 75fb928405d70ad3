import Archive
import Blobs
import CRM
import Foundation
import LocalCluster
import Postgres
import Records
import Secrets
import Support
import Tenancy
import Testing

@testable import Server

@Suite("A tenant leaves with everything and lives on elsewhere") struct ExitTests {
    @Test(
        "An operator's export, taken in by an installation on another cluster, holds the same of every type; people sign in there as before"
    )
    func moving() async throws {
        let firm = try await MovingFirm.open()
        let file = try await firm.file()
        defer { try? FileManager.default.removeItem(at: file) }  // A leftover harms nobody.
        let here = try await TenantExit(try await firm.firm.scope(), TestHouse.catalog).sums()

        try await OtherCluster.with { installation in
            let latest = installation.settings.schema.tenant.latest
            let checked = try ExitFile(checking: file.path(), latest: latest)
            let tenant = try await installation.take(
                checked, as: "moved", cell: nil, plan: nil, TestHouse.catalog, by: Instruction(actor: "test"))

            let scope = try installation.directory.scope(for: tenant)
            let there = try await TenantExit(scope, TestHouse.catalog).sums()
            #expect(there.types == here.types)
            // The audit tells of the export that came after the file was begun.
            #expect(there.tables.filter { $0.table != "audit" } == here.tables.filter { $0.table != "audit" })
            #expect(here.types["machines"]?["records"] == 2 && here.types["contacts"]?["records"] == 3)
            let site = try await TestSite(installation, ServerSettings.test)
            let moved = Firm(site: site, slug: "moved", email: firm.firm.email)
            let (before, after) = (try await firm.firm.admin(), try await moved.admin())
            for type in ["contacts", "companies", "deals", "machines", "custom_fields", "custom_objects", "roles", "users", "views"] {
                #expect(try await after.everyRecord(type) == before.everyRecord(type), "\(type)")
            }
            let used: (Client) async throws -> JSON? = { try await $0.get("/v1/usage").json["usage"]?["records.contacts"]?["used"] }
            #expect(try await used(after) == 3)
            #expect(try await after.get("/v1/settings").json["mail"]?["smtp"]?["password"] == ["set": false])
            // Unique values and references bind there as here.
            let taken = try await after.post("/v1/machines", ["label": "Again", "serial": "S1"])
            #expect(taken.status == 409)
            // Files come along with their bytes, and are counted.
            let files = try await after.get("/v1/contacts/\(firm.contact)/attachments").json["data"]
            #expect(try await files == before.get("/v1/contacts/\(firm.contact)/attachments").json["data"])
            let content = try await after.get("/v1/attachments/\(firm.attachment)/content")
            #expect(content.status == 200 && content.bytes == MovingFirm.content)
            #expect(try await after.get("/v1/usage").json["usage"]?["storage_bytes"]?["used"] == JSON(MovingFirm.content.count))
            #expect(try await after.get("/v1/settings/logo").bytes == MovingFirm.logo)
            let again = try await installation.take(
                checked, as: "moved", cell: nil, plan: nil, TestHouse.catalog, by: Instruction(actor: "test"))
            #expect(again.id == tenant.id)
        }
    }

    @Test("A file whose bytes are gone stays behind: nobody there is told of one that cannot be read") func lostFile() async throws {
        let firm = try await MovingFirm.open()
        let installation = try await TestHouse.installation
        let attachment = try #require(UUID(uuidString: firm.attachment))
        try await installation.blobs.delete(Attachment.key(attachment, of: try await firm.firm.scope().tenant))
        let file = try await firm.file()
        defer { try? FileManager.default.removeItem(at: file) }  // A leftover harms nobody.

        let checked = try ExitFile(checking: file.path(), latest: installation.settings.schema.tenant.latest)
        let slug = "test-" + TestSite.unique()
        _ = try await installation.take(checked, as: slug, cell: nil, plan: nil, TestHouse.catalog, by: Instruction(actor: "test"))

        let there = try await Firm(site: firm.firm.site, slug: slug, email: firm.firm.email).admin()
        #expect(try await there.get("/v1/contacts/\(firm.contact)/attachments").json["data"] == [])
        #expect(try await there.get("/v1/usage").json["usage"]?["storage_bytes"]?["used"] == 0)
    }

    @Test("Damaged files are refused with what is wrong, and leave nothing behind") func damage() async throws {
        let firm = try await MovingFirm.open()
        let file = try await firm.file()
        defer { try? FileManager.default.removeItem(at: file) }  // A leftover harms nobody.
        let bytes = try Array(Data(contentsOf: file))
        let installation = try await TestHouse.installation
        let latest = installation.settings.schema.tenant.latest
        func refusal(_ bytes: [UInt8], latest: Int = latest) throws -> String? {
            let place = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).tar")
            try Data(bytes).write(to: place)
            defer { try? FileManager.default.removeItem(at: place) }  // A leftover harms nobody.
            do {
                _ = try ExitFile(checking: place.path(), latest: latest)
                return nil
            } catch let refused as ExitFile.Refused {
                return refused.description
            }
        }

        #expect(try refusal(bytes) == nil)
        var dice = SplitMix64(seed: 7)
        for _ in 0..<200 {
            var flipped = bytes
            let place = Int.random(in: 0..<bytes.count - 1024, using: &dice)
            flipped[place] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
            // The padding between members means nothing, and neither do mode and owner.
            if try members(flipped) == members(bytes) { continue }
            #expect(try refusal(flipped) != nil, "byte \(place)")
        }
        #expect(try refusal(Array(bytes.prefix(bytes.count / 2))) == "The file ends in the middle.")
        #expect(try refusal(bytes, latest: latest - 1)?.hasPrefix("The file is of schema version \(latest), this program knows") == true)
        let all = try members(bytes)
        #expect(
            try refusal(tar(all.filter { $0.name != "tables/contacts/000001.jsonl" }))
                == "The member tables/contacts/000001.jsonl is missing.")
        #expect(try refusal(tar(all.filter { !$0.name.hasPrefix("manifest") }))?.contains("no manifest") == true)
        #expect(try refusal(tar([.init("tables/x/1", [])] + all))?.contains("does not begin with") == true)
        #expect(try refusal(Array("not a tar".utf8)) == "The file ends in the middle.")
    }

    @Test("Rows that do not fit together leave nothing behind, and the name is free") func rowsThatDoNotFit() async throws {
        let firm = try await MovingFirm.open()
        let file = try await firm.file()
        defer { try? FileManager.default.removeItem(at: file) }  // A leftover harms nobody.
        let installation = try await TestHouse.installation
        let (latest, slug) = (installation.settings.schema.tenant.latest, "test-" + TestSite.unique())
        // A file that is whole in itself: its companies are gone, contacts still refer to one.
        let all = try members(Array(Data(contentsOf: file))).filter { $0.name != "tables/companies/000001.jsonl" }
        let manifest = try JSON(parsing: all.first { $0.name == "manifest.json" }?.content ?? [])
        let kept = manifest["members"]?.elements?.filter { $0["name"] != "tables/companies/000001.jsonl" } ?? []
        let mended: JSON = ["members": .array(kept), "tables": manifest["tables"] ?? [], "types": [:]]
        let place = FileManager.default.temporaryDirectory.appending(path: "\(slug).tar")
        let sum = Array("\(Digest.sha256(mended.bytes).hex)  manifest.json\n".utf8)
        let resealed = ["manifest.json": mended.bytes, "manifest.sha256": sum]
        try Data(tar(all.map { .init($0.name, resealed[$0.name] ?? $0.content) })).write(to: place)
        defer { try? FileManager.default.removeItem(at: place) }  // A leftover harms nobody.

        let checked = try ExitFile(checking: place.path(), latest: latest)
        await #expect(throws: (any Error).self) {
            _ = try await installation.take(checked, as: slug, cell: nil, plan: nil, TestHouse.catalog, by: Instruction(actor: "test"))
        }

        #expect(try await installation.directory.find(slug: slug) == nil)
        let traces = try await installation.cells.scope(of: "main").rows(
            """
            SELECT count(*) FROM (
                SELECT nspname FROM pg_namespace WHERE nspname = 't_' || replace(\(slug), '-', '_')
                UNION ALL SELECT rolname FROM pg_roles WHERE rolname LIKE 't\\_' || replace(\(slug), '-', '\\_') || '%'
                UNION ALL SELECT slug FROM tenants WHERE slug = \(slug)) AS trace
            """)
        #expect(try traces[0].int(0) == 0)
        let whole = try ExitFile(checking: file.path(), latest: latest)
        let tenant = try await installation.take(whole, as: slug, cell: nil, plan: nil, TestHouse.catalog, by: Instruction(actor: "test"))
        #expect(tenant.slug == slug)
    }

    @Test("The job tells what it has made; its file is the operators' of the highest role alone, and each step stands in the audit")
    func operators() async throws {
        let firm = try await TestSite.shared.firm()
        let (admin, viewer) = (firm.site.operator(), firm.site.operator(.viewer))
        _ = try await firm.site.operator().post("/operator/v1/tenants/\(firm.slug)/suspend", ["reason": "leaves"])
        try await ExportWorker.start()

        let taken = try await admin.post("/operator/v1/tenants/\(firm.slug)/export", ["reason": "moves out"])
        let place = "/operator/v1/jobs/\(try taken.json["id"]?.string ?? "")"
        try await eventually { try await viewer.get(place).json["state"] == "done" }

        #expect(taken.status == 202 && taken.headers[.location] == place)
        let result = try await viewer.get(place).json["result"]
        #expect(result?["types"]?["users"]?["records"] == 1)
        #expect(try await viewer.get(place + "/content").status == 403)
        let file = try await admin.get(place + "/content")
        #expect(file.status == 200 && file.headers[.contentType] == "application/x-tar")
        #expect(Digest.sha256(file.bytes).hex == result?["sha256"]?.string)
        #expect(try await admin.post("/operator/v1/tenants/\(firm.slug)/export", [:]).status == 422)
        #expect(try await admin.post("/operator/v1/tenants/nobody-here/export", ["reason": "x"]).status == 404)
        let seen = try await firm.admin().get("/v1/audit").json["data"]?.elements ?? []
        let theirs = seen.filter { $0["actor"]?["type"] == "operator" }
        let words = theirs.compactMap { $0["action"]?.string }
        #expect(Array(words.prefix(4)) == ["download_export", "export", "suspend", "provision"])
        #expect(theirs.dropFirst().first?["detail"]?["reason"] == "moves out")
    }

    private struct Member: Equatable {
        let name: String
        let content: [UInt8]

        init(_ name: String, _ content: [UInt8]) { (self.name, self.content) = (name, content) }
    }

    /// Nil when it cannot be read.
    private func members(_ bytes: [UInt8]) throws -> [Member] {
        var rest = bytes[...]
        let reader = TarReader(limit: 1 << 30) { count in
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        var found: [Member] = []
        do {
            while let file = try reader.next() { found.append(Member(file.name, file.content)) }
        } catch is TarError {
            return []
        }
        return found
    }

    private func tar(_ members: [Member]) -> [UInt8] {
        let writer = TarWriter(time: 0)
        return members.flatMap { writer.file($0.name, $0.content) } + writer.end
    }
}

/// An account with something of everything that is hard to carry.
struct MovingFirm {
    let firm: Firm
    /// A contact with a file, and the file.
    let contact: String
    let attachment: String

    static let logo: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13]
    /// More than one piece.
    static let content = Array("%PDF-1.7\n".utf8) + (0..<(1 << 20) + 12_345).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }

    static func open() async throws -> MovingFirm {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        func make(_ path: String, _ body: JSON) async throws -> JSON {
            let made = try await admin.post(path, body)
            guard made.status == 201 else { throw Unexpected(made) }
            return try made.json["id"] ?? .null
        }
        _ = try await make(
            "/v1/custom_objects",
            [
                "name": "machine", "plural": "machines", "label_field": "label",
                "fields": [
                    ["name": "label", "label": "Label", "kind": "text", "required": true],
                    ["name": "serial", "label": "Serial", "kind": "text", "unique": true],
                    ["name": "price", "label": "Price", "kind": "money"],
                    ["name": "owner", "label": "Owner", "kind": "reference", "options": ["type": "companies"]],
                ],
            ])
        let gone = try await make(
            "/v1/custom_fields", ["type": "contacts", "name": "gone", "label": "Gone", "kind": "integer", "unique": true])
        _ = try await make(
            "/v1/custom_fields",
            ["type": "contacts", "name": "machine", "label": "Machine", "kind": "reference", "options": ["type": "machines"]])
        _ = try await make(
            "/v1/custom_fields",
            ["type": "contacts", "name": "kinds", "label": "Kinds", "kind": "multi_select", "options": ["a", "b,c", "\"d\""]])
        let company = try await make("/v1/companies", ["name": "Kühn & Söhne", "tags": ["x", "y\\z"]])
        let machine = try await make(
            "/v1/machines", ["label": "Drill", "serial": "S1", "owner": company, "price": ["amount": "12.50", "currency": "EUR"]])
        _ = try await make("/v1/machines", ["label": "Saw"])
        var contacts: [JSON] = []
        for (number, name) in ["Ann", "李小龙", "=x\n\"y\""].enumerated() {
            contacts += [
                try await make(
                    "/v1/contacts",
                    [
                        "last_name": .string(name), "company_id": company,
                        "custom": ["gone": JSON(number), "machine": machine, "kinds": ["b,c", "\"d\""]],
                    ])
            ]
        }
        let contact = contacts[0].string ?? ""
        let file = try await admin.send(
            .post, "/v1/contacts/\(contact)/attachments?name=%C3%9Cbersicht.pdf", bytes: content, type: "application/pdf")
        guard file.status == 201 else { throw Unexpected(file) }
        _ = try await admin.delete("/v1/custom_fields/\(gone.string ?? "")")
        let pipeline = try await admin.get("/v1/pipelines").json["data"]?.elements?.first
        let stages = pipeline?["stages"]?.elements?.compactMap { $0["id"] } ?? []
        let deal = try await make(
            "/v1/deals",
            [
                "name": "D", "pipeline_id": pipeline?["id"] ?? .null, "stage_id": stages[0], "company_id": company,
                "amount": ["amount": "1000.10", "currency": "EUR"],
            ])
        _ = try await admin.post("/v1/deals/\(deal.string ?? "")/move", ["stage_id": stages[1]])
        _ = try await make("/v1/views", ["name": "V", "type": "contacts", "where": ["and": []]])
        _ = try await admin.patch("/v1/settings", ["mail": ["smtp": ["host": "mail.example.com", "password": "secret words"]]])
        let kept = try await admin.send(.put, "/v1/settings/logo", bytes: logo, type: "image/png")
        guard kept.status == 200 else { throw Unexpected(kept) }
        return MovingFirm(firm: firm, contact: contact, attachment: try file.json["id"]?.string ?? "")
    }

    /// The file that an operator takes away.
    func file() async throws -> URL {
        let admin = firm.site.operator()
        try await ExportWorker.start()
        let taken = try await admin.post("/operator/v1/tenants/\(firm.slug)/export", ["reason": "test"])
        let place = "/operator/v1/jobs/\(try taken.json["id"]?.string ?? "")"
        try await eventually { try await admin.get(place).json["state"] == "done" }
        let content = try await admin.get(place + "/content")
        guard content.status == 200 else { throw Unexpected(content) }
        let file = FileManager.default.temporaryDirectory.appending(path: "\(firm.slug).tar")
        try Data(content.bytes).write(to: file)
        return file
    }
}

/// An installation on a PostgreSQL of its own, for the time of a test.
enum OtherCluster {
    static func with(_ body: (Installation) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "other-\(TestSite.unique())").path()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let cluster = try await LocalCluster(under: folder)
        try await cluster.start()
        let result: Result<Void, any Error>
        do {
            let installation = try await TestHouse.open(at: cluster.url)
            do {
                result = .success(try await body(installation))
            } catch {
                result = .failure(error)
            }
            await installation.close()
        } catch {
            try await cluster.stop()
            throw error
        }
        try await cluster.stop()
        try? FileManager.default.removeItem(atPath: folder)  // A leftover harms nobody.
        try result.get()
    }
}
