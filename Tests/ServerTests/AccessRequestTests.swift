import Archive
import HTTPTypes
import Records
import Testing

@testable import Server

@Suite("A person asks what is held about it") struct AccessRequestTests {
    /// The archive of an answer.
    private struct Archive {
        let files: [String: [UInt8]]

        init(_ answer: Client.Answer) throws {
            var rest = answer.bytes[...]
            let reader = TarReader(limit: 1 << 24) { count in
                defer { rest = rest.dropFirst(count) }
                return Array(rest.prefix(count))
            }
            var files: [String: [UInt8]] = [:]
            while let file = try reader.next() { files[file.name] = file.content }
            self.files = files
        }

        /// The lines of a list; nil where there is none.
        func lines(_ name: String) throws -> [JSON]? {
            try files["\(name).jsonl"]?.split(separator: UInt8(ascii: "\n")).map { try JSON(parsing: Array($0)) }
        }

        func ids(_ name: String) throws -> [String]? { try lines(name)?.compactMap { $0["id"]?.string }.sorted() }

        var request: JSON { get throws { try JSON(parsing: files["request.json"] ?? []) } }
    }

    @Test("One archive holds everything: the person, its twin, lead, work, deals, files and history") func everything() async throws {
        let person = try await PersonFirm()

        let answer = try await person.firm.admin.send(.post, "/v1/contacts/\(person.contact)/access_request")

        #expect(answer.status == 200 && answer.headers[.contentType] == "application/x-tar")
        #expect(answer.headers[.contentDisposition]?.contains(".tar") == true)
        let archive = try Archive(answer)
        #expect(try archive.ids("contacts") == [person.contact, person.twin].sorted())
        #expect(try archive.ids("leads") == [person.lead])
        #expect(
            try archive.ids("activities") == [person.ownActivity, person.sharedActivity, person.dealTalk, person.firmTalk].sorted())
        #expect(try archive.ids("tasks") == [person.task, person.dealTask, person.firmTask].sorted())
        #expect(try archive.ids("deals") == [person.privateDeal, person.firmDeal].sorted())
        #expect(try archive.ids("machines") == [person.machine])
        #expect(try archive.ids("reminders") == person.reminders.sorted())
        #expect(try archive.lines("suppressions")?.map { $0["reason"] } == ["unsubscribed"])
        #expect(try archive.lines("mails")?.count == 4)
        #expect(try archive.request["left_out"] == [] && archive.request["contact_id"] == .string(person.contact))
        // Every word but those of files that came in and are not records.
        for word in person.words where !word.contains("filecity") && !word.contains("rejectcity") {
            #expect(answer.text.contains(word), "\(word)")
        }
        let actions = Set(try archive.lines("changes")?.compactMap { $0["action"]?.string } ?? [])
        #expect(actions.isSuperset(of: ["create", "update", "merge"]))
        let changed = Set(try archive.lines("changes")?.compactMap { $0["id"]?.string } ?? [])
        #expect(changed.isSuperset(of: [person.privateDeal, person.machine]) && !changed.contains(person.firmDeal))
        // Each file that is told of is there with its content, under a name that every program can read.
        let told = try archive.lines("files") ?? []
        #expect(told.count == 7)
        for file in told {
            let id = file["id"]?.string ?? "?"
            let content = try await person.firm.admin.get("/v1/attachments/\(id)/content").bytes
            let names = archive.files.keys.filter { $0.hasPrefix("files/\(id)-") }
            #expect(names.count == 1 && names.allSatisfy { $0.hasSuffix(".pdf") && $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } })
            #expect(archive.files[names.first ?? ""] == content && !content.isEmpty)
        }
    }

    @Test("The audit tells who took it out, and of whom; a refusal is none") func audit() async throws {
        let firm = try await MergeFirm()
        let contact = try await firm.make("contacts", ["last_name": "Doe"])
        let address = "/v1/contacts/\(contact)/access_request"

        #expect(try await firm.firm.person("member").send(.post, address).status == 403)
        #expect(try await firm.admin.send(.post, address).status == 200)

        let entries = try await firm.admin.get("/v1/audit").json["data"]?.elements?.filter { $0["action"] == "access_requested" } ?? []
        #expect(entries.count == 1)
        #expect(entries.first?["about"] == ["type": "contacts", "id": .string(contact)], "\(entries)")
        #expect(entries.first?["actor"]?["type"] == "user" && entries.first?["address"]?.string?.isEmpty == false)
    }

    @Test("It takes the right to export; what a role does not show is left out, and said") func rights() async throws {
        let person = try await PersonFirm()
        let (firm, address) = (person.firm, "/v1/contacts/\(person.contact)/access_request")
        let role = try await RightsFirm.role(
            firm.admin, ["contacts": ["read": "all", "export": true], "deals": ["read": "own"]], hidden: ["contacts": ["phone"]])
        let narrow = try await RightsFirm.person(firm.firm, firm.admin, role).client

        let answer = try await narrow.send(.post, address)

        #expect(try await firm.firm.person("member").send(.post, address).status == 403)
        #expect(answer.status == 200)
        let archive = try Archive(answer)
        #expect(try archive.lines("deals") == [] && archive.lines("tasks") == nil)
        #expect(try archive.lines("files")?.map { $0["record"]?["type"] } == ["contacts"])
        #expect(!answer.text.contains("9081726"))
        let leftOut = (try archive.request["left_out"]?.elements ?? []).compactMap(\.string)
        #expect(Set(leftOut).isSuperset(of: ["contacts.phone", "deals", "leads", "tasks"]), "\(leftOut)")
        #expect(try await firm.admin.post(address, ["more": 1]).status == 422)
    }
}
