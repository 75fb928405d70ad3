import Foundation
import HTTPTypes
import Support
import Testing

@testable import Records
@testable import Server

@Suite("Exports come in again") struct ImportedExportTests {
    private static let types = ["contacts", "companies", "leads", "deals", "activities", "tasks", "gadgets"]

    @Test(
        "What another tenant imports as it was exported, with references by name, leaves that tenant as the same rows", arguments: types,
        [1, 2] as [UInt64])
    func sameRows(name: String, seed: UInt64) async throws {
        let (from, to) = (try await Specimens.open(name), try await Specimens.open(name))
        let house = ImportFirm(to.firm, to.admin)
        var bodies = HostileBodies(seed: seed)
        for number in 0..<30 {
            let made = try await from.admin.post(from.address, bodies.body(from, number))
            guard made.status == 201 else { throw Unexpected(made) }
        }

        let file = try await Self.exported(from, to: to)
        let result = try await house.take(["type": .string(name)], file.bytes)
        let again = try await Self.exported(to, to: to)

        let errors = try await house.errors(result)
        #expect(counts(result) == [30, 30, 0, 0, 0], "\(result.text) \(errors)")
        let (before, after) = (try await Self.rows(file), try await Self.rows(again))
        #expect(before.count == 30 && after.count == 30)
        let different = Set(before).symmetricDifference(after)
        #expect(different.isEmpty, "\(different)")
    }

    /// The file of all records but the one that others refer to, with what it is called at the receiver's for every id.
    private static func exported(_ specimens: Specimens, to receiver: Specimens) async throws -> Client.Answer {
        let type = specimens.type.name
        var order: [JSON.Member] = [.init("type", .string(type)), .init("format", "csv")]
        if let base = specimens.known[type] { order.append(.init("where", ["field": "id", "op": "nin", "value": JSON(base)])) }
        let file = try await specimens.admin.exported(.object(order))
        let pipeline = try await specimens.admin.get("/v1/pipelines").json["data"]?.elements?.first
        var text = file.text
        for (target, ids) in specimens.known {
            let word: String? =
                switch target {
                case "users": receiver.firm.email
                case "pipelines": pipeline?["name"]?.string
                case "stages": pipeline?["stages"]?.elements?.first?["name"]?.string
                // What a task is about is told by its id alone.
                case "contacts" where type == "tasks": receiver.known[target]?.first
                default: "Base"
                }
            for id in ids { text = text.replacing(id, with: try #require(word)) }
        }
        return Client.Answer(status: file.status, headers: file.headers, bytes: Array(text.utf8))
    }

    /// Without what is the server's.
    private static func rows(_ file: Client.Answer) async throws -> [[String: String]] {
        let own = [
            "id", "version", "created_at", "updated_at", "created_by.type", "created_by.id", "updated_by.type", "updated_by.id",
            "stage_entered_at", "closed_at",
        ]
        return try await file.readByPython().map { row in row.filter { !own.contains($0.key) } }
    }

    @Test("The ids of one's own export are no other system's, whether its external ids are in it or not") func ownIDs() async throws {
        let house = try await ImportFirm()
        let contact: JSON = ["last_name": "Kept", "email": "kept@example.com", "external_id": "erp-7"]
        let id = try #require(try await house.admin.post("/v1/contacts", contact).json["id"]?.string)
        func proposal(_ header: String, _ row: String = "") async throws -> JSON? {
            let order = try await house.order(["type": "contacts"], header + "\n" + row)
            return try await house.admin.get("/v1/imports/\(order)").json["proposed_mapping"]
        }

        let whole = try await house.admin.exported(["type": "contacts", "format": "csv"])
        let part = try await house.admin.exported(["type": "contacts", "format": "csv", "fields": ["last_name", "email"]])
        for file in [whole, part] {
            let result = try await house.take(["type": "contacts", "mode": "upsert", "key": "email"], file.bytes)
            #expect(counts(result) == [1, 0, 0, 1, 0], "\(result.text)")
        }

        #expect(try await house.admin.get("/v1/contacts/\(id)").json["external_id"] == "erp-7")
        #expect(try await proposal("ID,External ID,Mail") == ["External ID": "external_id", "Mail": "email"])
        #expect(try await proposal("Mail,email,Nonsense") == ["email": "email"])
        #expect(try await proposal("Record ID,Mail") == ["Record ID": "external_id", "Mail": "email"])
        // Another program's file may have no column that an export of ours has not: what stands in it tells.
        #expect(try await proposal("id,last_name", "17,Ng\n") == ["id": "external_id", "last_name": "last_name"])
        #expect(try await proposal("id,external_id", "17,x\n") == ["external_id": "external_id"])
        #expect(try await proposal("id,last_name", "\(id),Ng\n") == ["id": "id", "last_name": "last_name"])
        #expect(try await proposal("id,last_name") == ["last_name": "last_name"])
        let renamed = try await house.take(["type": "contacts", "mode": "update", "key": "id"], "id,last_name\n\(id),Renamed\n")
        #expect(counts(renamed) == [1, 0, 1, 0, 0], "\(renamed.text)")
    }

    @Test("Lists are divided as people and exports divide them; one apostrophe goes where an export has set it") func cells() async throws {
        let house = try await ImportFirm()
        let lists: [(cell: String, tags: [String])] = [
            ("a,b", ["a", "b"]), ("a; b,c", ["a", "b,c"]), ("a\nb;", ["a", "b"]), (#"a\,b,c"#, ["a,b", "c"]), (#"a\;b"#, ["a;b"]),
            (#"a\\,b"#, [#"a\"#, "b"]), (#"C:\dir"#, [#"C:\dir"#]), ("'=a,b", ["=a", "b"]),
        ]
        let texts = [("'=1", "=1"), ("''=1", "'=1"), ("'''-1", "''-1"), ("'quoted'", "'quoted'"), ("''", "''"), ("+1", "+1")]
        let rows = lists.map { "Tags,\"\($0.cell)\",\n" } + texts.map { "Texts,,\($0.0)\n" }

        let result = try await house.take(["type": "contacts"], "Last Name,Tags,Title\n" + rows.joined())

        #expect(counts(result) == [rows.count, rows.count, 0, 0, 0], "\(result.text)")
        let contacts = try await house.all("contacts")
        let tags = Set(contacts.filter { $0["last_name"] == "Tags" }.compactMap { $0["tags"] })
        #expect(tags == Set(lists.map { JSON($0.tags) }), "\(tags)")
        let titles = Set(contacts.filter { $0["last_name"] == "Texts" }.compactMap { $0["title"]?.string })
        #expect(titles == Set(texts.map(\.1)), "\(titles)")
    }

    @Test("A column due.local is a task's time, in the tenant's zone unless another column says one") func localTimes() async throws {
        let house = try await ImportFirm()

        let alone = try await house.take(["type": "tasks"], "title,due.local\nAlone,2026-11-30T09:00\nNever,soon\n")
        let mapping: JSON = ["T": "title", "Z": "due.time_zone", "D": "due.local"]
        let zoned = try await house.take(
            ["type": "tasks", "options": ["date_format": "DD.MM.YYYY"], "mapping": mapping], "T,Z,D\nZoned,Asia/Tokyo,1.12.2026 8:30\n")

        #expect(counts(alone) == [2, 1, 0, 0, 1] && counts(zoned) == [1, 1, 0, 0, 0], "\(alone.text) \(zoned.text)")
        #expect(try await house.errors(alone).map { $0.prefix(12) } == ["2,due.local,"])
        let due = Dictionary(uniqueKeysWithValues: try await house.all("tasks").map { ($0["title"]?.string ?? "", $0["due"] ?? .null) })
        #expect(due["Alone"]?["local"] == "2026-11-30T09:00")
        #expect(due["Zoned"] == ["local": "2026-12-01T08:30", "time_zone": "Asia/Tokyo"])
    }
}

/// Bodies with values that files find hard, the same for the same seed.
private struct HostileBodies {
    private var dice: SplitMix64

    init(seed: UInt64) { dice = SplitMix64(seed: seed) }

    mutating func body(_ specimens: Specimens, _ number: Int) -> JSON {
        var members: [JSON.Member] = []
        for field in specimens.writable {
            let isNeeded = field.isRequired || field.isTitle || field.isFilled || field.isUnique || field.kind == .flag
            guard isNeeded || Int.random(in: 0..<4, using: &dice) > 0, let usual = specimens.value(field, number) else { continue }
            members.append(.init(field.name, value(of: field.kind, number) ?? usual))
        }
        return .object(members)
    }

    /// Nil where there is nothing hard about the kind.
    private mutating func value(of kind: FieldKind, _ number: Int) -> JSON? {
        switch kind {
        case .text: return .string(text(number))
        case .tags:
            guard Bool.random(using: &dice) else { return [.string("'+\(number)")] }
            return [.string(text(number)), "a,b", "c\\d", "e;f", "g\r\nh", "=i", "\\,"]
        case .address: return ["street": .string(text(number)), "city": .string(text(number)), "country": "DE"]
        case .decimal: return .string("-\(number).25")
        default: return nil
        }
    }

    /// No two are the same, and none is empty.
    private mutating func text(_ number: Int) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...6, using: &dice) { text += RandomContacts.pieces.randomElement(using: &dice) ?? "" }
        return text + ".\(number)"
    }
}
