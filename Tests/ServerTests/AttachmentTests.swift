import Blobs
import Foundation
import HTTPTypes
import Logging
import Records
import Secrets
import Support
import Testing

@testable import Jobs
@testable import Server

@Suite("Files on records") struct AttachmentTests {
    private static let content = Array("A file of a few words.".utf8)

    @Test("What was uploaded is listed, told in the timeline and given back to be saved") func roundTrip() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let contact = try await Self.make(admin, "contacts", ["last_name": "Files"])

        let made = try await admin.send(
            .post, "/v1/contacts/\(contact)/attachments?name=Angebot%20%C3%9C.html", bytes: Self.content, type: "text/html")

        #expect(made.status == 201, "\(made.text)")
        let id = try #require(try made.json["id"]?.string)
        #expect(made.headers[.location] == "/v1/attachments/\(id)")
        #expect(try made.json["content_type"] == "text/html" && made.json["size"] == JSON(Self.content.count))
        #expect(try await admin.get("/v1/attachments/\(id)").json == made.json)
        #expect(try await admin.get("/v1/contacts/\(contact)/attachments").json["data"] == .array([try made.json]))
        let file = try await admin.get("/v1/attachments/\(id)/content")
        #expect(file.status == 200 && file.bytes == Self.content)
        #expect(file.headers[.contentType] == "application/octet-stream")
        #expect(file.headers[.contentDisposition] == "attachment; filename=\"Angebot _.html\"; filename*=UTF-8''Angebot%20%C3%9C.html")
        #expect(file.headers[.xContentTypeOptions] == "nosniff")
        #expect(file.headers[.contentSecurityPolicy] == "sandbox; default-src 'none'")
        let timeline = try await admin.get("/v1/contacts/\(contact)/timeline").json["data"]?.elements
        #expect(timeline?.first?["data"]?["fields"]?["attachments"]?["after"] == "Angebot Ü.html")
        #expect(try await admin.get("/v1/contacts/\(contact)").json["version"] == 2)
    }

    @Test("A range is answered alone, one behind the end is refused, another content comes whole") func ranges() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let id = try await Self.attach(admin, to: try await Self.make(admin, "contacts", ["last_name": "Ranges"]))
        let address = "/v1/attachments/\(id)/content"
        let tag = try #require(try await admin.get(address).headers[.eTag])

        for (range, wanted) in [("bytes=2-5", 2..<6), ("bytes=17-", 17..<22), ("bytes=-4", 18..<22), ("bytes=20-99", 20..<22)] {
            let part = try await admin.with(.range, range).with(.ifRange, tag).get(address)
            #expect(part.status == 206 && part.bytes == Array(Self.content[wanted]), "\(range)")
            #expect(part.headers[.contentRange] == "bytes \(wanted.lowerBound)-\(wanted.upperBound - 1)/22")
        }
        let behind = try await admin.with(.range, "bytes=22-").get(address)
        #expect(behind.status == 416 && behind.code == "range_not_satisfiable" && behind.headers[.contentRange] == "bytes */22")
        for range in ["bytes=5-2", "bytes=0-1,4-5", "lines=1-2", "bytes=a-"] {
            let whole = try await admin.with(.range, range).get(address)
            #expect(whole.status == 200 && whole.bytes == Self.content, "\(range)")
        }
        #expect(try await admin.with(.range, "bytes=2-5").with(.ifRange, "\"other\"").get(address).status == 200)
        #expect(try await admin.with(.ifNoneMatch, tag).get(address).status == 304)
    }

    @Test("Rights follow the record, in a custom object too") func rights() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let reader = try await firm.person("read_only")
        let contact = try await Self.make(admin, "contacts", ["last_name": "Rights"])
        let object: JSON = [
            "name": "boat", "plural": "boats", "label_field": "title", "fields": [["name": "title", "kind": "text", "label": "Title"]],
        ]
        #expect(try await admin.post("/v1/custom_objects", object).status == 201)
        let boat = try await Self.make(admin, "boats", ["title": "Ark"])
        let own = try await admin.send(.post, "/v1/boats/\(boat)/attachments?name=plan.pdf", bytes: Self.content, type: "text/plain")
        let id = try await Self.attach(admin, to: contact)

        #expect(own.status == 201, "\(own.text)")
        #expect(try await reader.get("/v1/attachments/\(id)/content").bytes == Self.content)
        #expect(try await reader.send(.post, "/v1/contacts/\(contact)/attachments?name=x", bytes: [1]).status == 403)
        #expect(try await reader.delete("/v1/attachments/\(id)").status == 403)
        let stranger = try await TestSite.shared.firm().admin()
        #expect(try await stranger.get("/v1/attachments/\(id)").status == 404)
        #expect(try await admin.delete("/v1/contacts/\(contact)").status == 204)
        #expect(try await admin.get("/v1/attachments/\(id)/content").status == 404)
    }

    @Test("A file that is too large, unnamed or packed is refused, and nothing of it is counted") func refusals() async throws {
        let site = try await TestSite.open { $0.fileLimit = 100 }
        let firm = try await site.firm()
        let admin = try await firm.admin()
        let contact = try await Self.make(admin, "contacts", ["last_name": "Refusals"])
        let address = "/v1/contacts/\(contact)/attachments"
        let large = [UInt8](repeating: 1, count: 101)

        let announced = try await admin.with(.contentLength, "101").send(.post, address + "?name=x", bytes: large)
        let unannounced = try await admin.send(.post, address + "?name=x", bytes: large)

        #expect(announced.status == 413 && unannounced.status == 413)
        #expect(try await admin.send(.post, address, bytes: [1]).status == 400)
        #expect(try await admin.send(.post, address + "?name=%20", bytes: [1]).status == 400)
        #expect(try await admin.with(.contentEncoding, "gzip").send(.post, address + "?name=x", bytes: [1]).status == 415)
        #expect(try await admin.get("/v1/usage").json["usage"]?["storage_bytes"]?["used"] == 0)
        #expect(try await firm.scope().rows("SELECT count(*) FROM attachments")[0].int(0) == 0)
    }

    @Test(
        "A Content-Type that is no media type is refused with a word on how one looks",
        arguments: ["pdf", "application/", "/pdf", "a/b/c", "te xt/plain", "text/pl<>ain", ""])
    func malformedType(type: String) async throws {
        let admin = try await TestSite.shared.firm().admin()
        let contact = try await Self.make(admin, "contacts", ["last_name": "Types"])

        let refused = try await admin.send(.post, "/v1/contacts/\(contact)/attachments?name=x", bytes: Self.content, type: type)

        #expect(refused.status == 415 && refused.code == "unsupported_media_type", "\(refused.text)")
        #expect(try refused.json["detail"] == "Content-Type is a media type, as in application/pdf.")
        #expect(try await admin.get("/v1/usage").json["usage"]?["storage_bytes"]?["used"] == 0)
    }

    @Test("A picture or PDF that begins otherwise is refused and leaves nothing; what begins as one, and any other type, is taken")
    func signatures() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let contact = try await Self.make(admin, "contacts", ["last_name": "Signatures"])
        let rest = [UInt8](repeating: 0x20, count: 3_000)
        let webp = Array("RIFF".utf8) + [1, 2, 3, 4] + Array("WEBPVP8 ".utf8)
        let begun: [(type: String, bytes: [UInt8])] = [
            ("image/png", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]), ("image/jpeg", [0xFF, 0xD8, 0xFF, 0xE0]),
            ("image/gif", Array("GIF87a".utf8)), ("image/gif", Array("GIF89a".utf8)), ("image/webp", webp),
            ("application/pdf", Array("%PDF-1.7\n".utf8)), ("Application/PDF; version=1", Array("\r\n%PDF-2.0\n".utf8)),
        ]
        func send(_ type: String, _ bytes: [UInt8], _ client: Client) async throws -> Client.Answer {
            try await client.send(.post, "/v1/contacts/\(contact)/attachments?name=x", bytes: bytes, type: type)
        }

        for (type, bytes) in begun {
            for wrong in [[], Array(bytes.dropLast(5)), Array("<script>".utf8) + rest, rest + bytes] as [[UInt8]] {
                let refused = try await send(type, wrong, admin)
                #expect(refused.status == 415 && refused.code == "unsupported_media_type", "\(type): \(refused.text)")
                #expect(refused.text.contains("does not begin as one"), "\(refused.text)")
            }
        }
        #expect(try await admin.get("/v1/usage").json["usage"]?["storage_bytes"]?["used"] == 0)
        #expect(try await firm.scope().rows("SELECT count(*) FROM attachments")[0].int(0) == 0)

        for (type, bytes) in begun {
            #expect(try await send(type, bytes, admin).status == 201, "\(type)")
            #expect(try await send(type, bytes + rest, admin).status == 201, "\(type)")
        }
        #expect(try await send("image/svg+xml", Self.content, admin).status == 201)
        #expect(try await send("application/octet-stream", [], admin).status == 201)
    }

    @Test("The refusal of a file that is not what it is said to be is repeated under its key; another content is another request")
    func repeatedRefusal() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let contact = try await Self.make(admin, "contacts", ["last_name": "Refused"])
        let picture: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        func send(_ bytes: [UInt8], _ key: String) async throws -> Client.Answer {
            try await admin.with(.idempotencyKey, key)
                .send(.post, "/v1/contacts/\(contact)/attachments?name=x", bytes: bytes, type: "image/png")
        }

        // Shorter than what is looked at, and so judged at its end; and longer.
        for (key, wrong) in [("short", [1, 2, 3]), ("long", [UInt8](repeating: 0x20, count: 700_000))] as [(String, [UInt8])] {
            let (first, second) = (try await send(wrong, key), try await send(wrong, key))
            let other = try await send(picture, key)

            #expect(first.status == 415 && first.headers[.idempotentReplayed] == nil, "\(first.text)")
            #expect(second.status == 415 && second.headers[.idempotentReplayed] == "true", "\(second.text)")
            #expect(try second.json == first.json)
            #expect(other.status == 422 && other.code == "idempotency_mismatch", "\(other.text)")
        }
        #expect(try await admin.get("/v1/usage").json["usage"]?["storage_bytes"]?["used"] == 0)
        #expect(try await firm.scope().rows("SELECT count(*) FROM attachments")[0].int(0) == 0)
        #expect(try await send(picture, "new").status == 201)
    }

    @Test("The plan's bytes are never passed by uploads at the same time, and come back with removals") func quota() async throws {
        let firm = try await LimitedFirm(["storage_bytes": 1000])
        let contact = try await firm.make("contacts", ["last_name": "Quota"])
        let bytes = [UInt8](repeating: 7, count: 90)
        let admin = firm.admin.with(.contentLength, "90")

        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<20 {
                group.addTask { try await admin.send(.post, "/v1/contacts/\(contact)/attachments?name=\(number)", bytes: bytes).status }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }

        #expect(statuses.filter { $0 == 201 }.count == 11 && statuses.filter { $0 == 402 }.count == 9, "\(statuses)")
        #expect(try await firm.used("storage_bytes") == 990)
        let refused = try await admin.send(.post, "/v1/contacts/\(contact)/attachments?name=x", bytes: bytes)
        #expect(LimitRefusal(refused) == LimitRefusal(1000, 990, "storage_bytes"))
        let file = try await firm.admin.get("/v1/contacts/\(contact)/attachments").json["data"]?.elements?.first?["id"]?.string
        #expect(try await firm.admin.delete("/v1/attachments/\(try #require(file))").status == 204)
        #expect(try await firm.used("storage_bytes") == 900)
        #expect(try await Recounting.drift(of: firm).isEmpty)
    }

    @Test("The same upload sent again under its key is one file; with another content, as long as it may be, it is another request")
    func repetition() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let contact = try await Self.make(admin, "contacts", ["last_name": "Again"])
        let keyed = admin.with(.idempotencyKey, "upload-1").with(.contentLength, String(Self.content.count))
        let address = "/v1/contacts/\(contact)/attachments?name=x.txt"

        let first = try await keyed.send(.post, address, bytes: Self.content, type: "text/plain")
        let second = try await keyed.send(.post, address, bytes: Self.content, type: "text/plain")
        let other = try await keyed.send(.post, address + "2", bytes: Self.content, type: "text/plain")

        #expect(first.status == 201 && second.status == 201 && first.bytes == second.bytes)
        #expect(second.headers[.idempotentReplayed] == "true")
        #expect(other.status == 422 && other.code == "idempotency_mismatch")
        let changed = try await keyed.send(.post, address, bytes: Self.content.reversed(), type: "text/plain")
        #expect(changed.status == 422 && changed.code == "idempotency_mismatch", "\(changed.text)")
        #expect(try await admin.get("/v1/contacts/\(contact)/attachments").json["data"]?.elements?.count == 1)
        #expect(try await admin.get("/v1/usage").json["usage"]?["storage_bytes"]?["used"] == JSON(Self.content.count))
        let again = try await keyed.send(.post, address, bytes: Self.content, type: "text/plain")
        #expect(again.bytes == first.bytes)
    }

    @Test("One upload sent ten times at once under its key is one file, and each is told of it or to wait") func repetitionAtOnce()
        async throws
    {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let contact = try await Self.make(admin, "contacts", ["last_name": "Once"])
        let keyed = admin.with(.idempotencyKey, "upload-2")

        let answers = try await withThrowingTaskGroup(of: Client.Answer.self) { group in
            for _ in 0..<10 {
                group.addTask {
                    try await keyed.send(.post, "/v1/contacts/\(contact)/attachments?name=x", bytes: Self.content, type: "text/plain")
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }

        let made = answers.filter { $0.status == 201 }
        #expect(!made.isEmpty && Set(made.map(\.bytes)).count == 1)
        #expect(answers.allSatisfy { $0.status == 201 || $0.code == "idempotency_running" })
        #expect(try await admin.get("/v1/contacts/\(contact)/attachments").json["data"]?.elements?.count == 1)
        #expect(try await admin.get("/v1/usage").json["usage"]?["storage_bytes"]?["used"] == JSON(Self.content.count))
    }

    @Test("A merge moves files to the winner, a purge removes them with their bytes") func leaving() async throws {
        let firm = try await LimitedFirm([:])
        let admin = firm.admin
        let winner = try await firm.make("contacts", ["last_name": "Winner"])
        let loser = try await firm.make("contacts", ["last_name": "Loser"])
        let id = try await Self.attach(admin, to: loser)
        let blobs = firm.firm.site.installation.blobs
        let tenant = try await firm.firm.scope().tenant

        #expect(try await admin.post("/v1/contacts/\(winner)/merge", ["from": [.string(loser)]]).status == 200)
        #expect(try await admin.get("/v1/contacts/\(winner)/attachments").json["data"]?.elements?.first?["id"] == .string(id))
        #expect(try await admin.delete("/v1/contacts/\(winner)?purge=true").status == 204)

        #expect(try await firm.used("storage_bytes") == 0)
        #expect(try await admin.get("/v1/attachments/\(id)").status == 404)
        let uuid = try #require(UUID(uuidString: id))
        #expect(try await blobs.size(of: Attachment.key(uuid, of: tenant)) == Int64(Self.content.count))
        try await Self.work(firm.firm, RemoveBytes.handler(blobs), RemoveBytes())
        #expect(try await blobs.size(of: Attachment.key(uuid, of: tenant)) == nil)
        #expect(try await firm.rows("attachments", where: "true") == 0)
    }

    @Test("An undo of merges gives each its own files again; undone itself, the winner has them") func unmerging() async throws {
        let firm = try await MergeFirm()
        var (ids, files): ([String], [String]) = ([], [])
        for name in ["First", "Second", "Third"] {
            ids.append(try await firm.make("contacts", ["last_name": .string(name)]))
            files.append(try await Self.attach(firm.admin, to: ids.last ?? ""))
        }
        func held(by id: String) async throws -> [String] {
            let answer = try await firm.admin.get("/v1/contacts/\(id)/attachments")
            return try answer.json["data"]?.elements?.compactMap { $0["id"]?.string } ?? []
        }
        // The third goes into the second, and both into the first.
        let inner = try await firm.merge("contacts", ids[1], [ids[2]]).json["operation_id"]
        let outer = try await firm.merge("contacts", ids[0], [ids[1]]).json["operation_id"]
        let added = try await Self.attach(firm.admin, to: ids[0])
        #expect(try await held(by: ids[0]).sorted() == (files + [added]).sorted())

        let undone = try await firm.undo(outer)
        #expect(try await held(by: ids[0]).sorted() == [files[0], added].sorted())
        #expect(try await held(by: ids[1]).sorted() == files[1...].sorted())
        let redone = try await firm.undo(undone["operation_id"])
        #expect(try await held(by: ids[0]).sorted() == (files + [added]).sorted())
        // The inner merge first: the third has its own again, and keeps it when the second comes back.
        _ = try await firm.undo(inner)
        #expect(try await held(by: ids[2]) == [files[2]])
        _ = try await firm.undo(redone["operation_id"])
        #expect(try await held(by: ids[2]) == [files[2]])
        #expect(try await held(by: ids[1]) == [files[1]])
        #expect(try await held(by: ids[0]).sorted() == [files[0], added].sorted())
    }

    @Test("What a crash left behind is swept: uploads cut off, bytes without a row") func sweeping() async throws {
        let firm = try await LimitedFirm([:])
        let contact = try await firm.make("contacts", ["last_name": "Crash"])
        let kept = try await Self.attach(firm.admin, to: contact)
        let blobs = firm.firm.site.installation.blobs
        let scope = try await firm.firm.scope()
        let orphan = Attachment.key(.v7(), of: scope.tenant)
        try await blobs.put(orphan, [1, 2, 3])
        _ = try await scope.run([
            """
            INSERT INTO attachments (id, type, record_id, name, content_type, size, created_at)
            VALUES (\(UUID.v7()), 'contacts', \(contact), 'x', 'text/plain', 500, now() - interval '2 days')
            """,
            "UPDATE usage SET used = used + 500 WHERE resource = 'storage_bytes'",
        ])

        try await Self.work(firm.firm, SweepAttachments.handler(TestHouse.catalog, blobs), SweepAttachments())
        #expect(try await blobs.size(of: orphan) == 3)
        try await SweepAttachments.sweep(scope, blobs, TestHouse.catalog, before: .distantFuture)

        #expect(try await firm.used("storage_bytes") == Self.content.count)
        #expect(try await blobs.size(of: orphan) == nil)
        #expect(try await firm.admin.get("/v1/attachments/\(kept)/content").bytes == Self.content)
        #expect(try await Recounting.drift(of: firm).isEmpty)
    }

    private static func work<J: Job>(_ firm: Firm, _ handler: JobHandler, _ job: J) async throws {
        let context = JobContext(scope: try await firm.scope(), id: .v7(), attempt: 1, maximumAttempts: 1)
        #expect(try await handler.perform(Array(try JSONEncoder().encode(job)), J.kind.version, context) == .done)
    }

    private static func attach(_ client: Client, to contact: String) async throws -> String {
        let made = try await client.send(.post, "/v1/contacts/\(contact)/attachments?name=x.txt", bytes: content, type: "text/plain")
        guard made.status == 201, let id = try made.json["id"]?.string else { throw Unexpected(made) }
        return id
    }

    private static func make(_ client: Client, _ type: String, _ body: JSON) async throws -> String {
        let made = try await client.post("/v1/\(type)", body)
        guard made.status == 201, let id = try made.json["id"]?.string else { throw Unexpected(made) }
        return id
    }
}
