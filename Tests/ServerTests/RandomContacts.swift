import Foundation
import Records
import Support

@testable import Server

/// Contacts of a tenant with values that files find hard, the same for the same seed.
struct RandomContacts {
    private var dice: SplitMix64

    init(seed: UInt64) { dice = SplitMix64(seed: seed) }

    /// Fields of the tenant's own that the contacts have.
    func define(by admin: Client) async throws {
        for (name, kind) in [("note", "long_text"), ("rank", "decimal"), ("vip", "boolean"), ("seen", "datetime")] {
            let made = try await admin.post(
                "/v1/custom_fields", ["type": "contacts", "name": .string(name), "label": .string(name), "kind": .string(kind)])
            guard made.status == 201 else { throw Unexpected(made) }
        }
    }

    mutating func create(_ count: Int, by admin: Client) async throws {
        for number in 0..<count {
            let made = try await admin.post("/v1/contacts", contact(number))
            guard made.status == 201 else { throw Unexpected(made) }
        }
    }

    private mutating func contact(_ number: Int) -> JSON {
        var members: [JSON.Member] = [.init("last_name", .string("N\(number) " + text()))]
        if Bool.random(using: &dice) { members.append(.init("first_name", .string("x" + text()))) }
        if Bool.random(using: &dice) { members.append(.init("phone", .string("+49 \(number)"))) }
        if Bool.random(using: &dice) { members.append(.init("birthday", "1970-02-03")) }
        if Bool.random(using: &dice) { members.append(.init("tags", .array([.string("t" + text()), "a,b", "c\\d"]))) }
        if Bool.random(using: &dice) { members.append(.init("address", ["city": .string("C" + text()), "country": "DE"])) }
        members.append(
            .init(
                "custom",
                [
                    "note": .string("=n" + text()), "rank": Bool.random(using: &dice) ? "-12.50" : .null,
                    "vip": .bool(Bool.random(using: &dice)), "seen": "2026-11-01T08:30:00.5Z",
                ]))
        return .object(members)
    }

    static let pieces = [
        ",", ";", "\"", "'", "=", "+", "-", "@", "\n", "\r\n", "\t", "\\", "Müller", "李小龙", "😀", " ", "a", "0", "{", "}", "null",
    ]

    private mutating func text() -> String {
        (0..<Int.random(in: 0...6, using: &dice)).map { _ in Self.pieces.randomElement(using: &dice) ?? "" }.joined() + "."
    }

    /// What a CSV file has of a record, by what API.md says of columns.
    static func cells(of record: JSON) -> [String: String] {
        var cells: [String: String] = [:]
        func add(_ name: String, _ value: JSON?) {
            switch value ?? .null {
            case .null: cells[name] = ""
            case .string(let text): cells[name] = neutral(text)
            case .bool(let flag): cells[name] = flag ? "true" : "false"
            case .number(let number): cells[name] = neutral(number)
            case .array(let elements):
                let list = elements.compactMap(\.string).map { element in
                    element.unicodeScalars.map { sign in "\\,;\n\r".unicodeScalars.contains(sign) ? "\\\(sign)" : "\(sign)" }.joined()
                }
                cells[name] = neutral(list.joined(separator: ","))
            case .object: cells[name] = "object"
            }
        }
        for member in record.members ?? [] {
            switch member.name {
            case "address":
                for part in ["street", "city", "region", "postal_code", "country"] { add("address." + part, member.value[part]) }
            case "created_by", "updated_by":
                for part in ["type", "id"] { add("\(member.name).\(part)", member.value[part]) }
            case "custom":
                for own in member.value.members ?? [] { add("custom." + own.name, own.value) }
            default: add(member.name, member.value)
            }
        }
        return cells
    }

    private static func neutral(_ text: String) -> String {
        let first = text.unicodeScalars.first { $0 != "'" }
        return first.map { "=+-@\t\r".unicodeScalars.contains($0) } ?? false ? "'" + text : text
    }
}

extension Client {
    /// Every record of the list, page by page.
    func everyRecord(_ type: String) async throws -> [JSON] {
        var records: [JSON] = []
        var next: String? = "/v1/\(type)?limit=200"
        while let address = next {
            let page = try await get(address)
            guard page.status == 200 else { throw Unexpected(page) }
            records += try page.json["data"]?.elements ?? []
            next = page.headers[.link].map { String($0.dropFirst().prefix { $0 != ">" }) }
        }
        return records
    }

    /// Orders an export and waits for its content.
    func exported(_ order: JSON) async throws -> Answer {
        let made = try await finishedExport(order)
        let file = try await get("/v1/exports/\(made["id"]?.string ?? "")/content")
        guard file.status == 200 else { throw Unexpected(file) }
        return file
    }

    /// Orders an export and waits until it is done.
    func finishedExport(_ order: JSON) async throws -> JSON {
        let taken = try await post("/v1/exports", order)
        guard taken.status == 202, let id = try taken.json["id"]?.string else { throw Unexpected(taken) }
        return try await awaitExport(id)
    }

    @discardableResult func awaitExport(_ id: String) async throws -> JSON {
        try await ExportWorker.start()
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            let export = try await get("/v1/exports/\(id)").json
            switch export["state"]?.string {
            case "done": return export
            case "failed": throw Unexpected(export.text)
            default: try await Task.sleep(for: .milliseconds(20))
            }
        }
        throw Unexpected("The export \(id) did not end.")
    }
}

extension Client.Answer {
    /// The rows of a CSV file as Python's csv module reads them.
    func readByPython() async throws -> [[String: String]] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "csv-\(UUID().uuidString)")
        try Data(bytes).write(to: folder)
        defer { try? FileManager.default.removeItem(at: folder) }  // A leftover harms nobody.
        let source = "import csv,json,sys; print(json.dumps(list(csv.DictReader(open(sys.argv[1], newline='', encoding='utf-8')))))"
        let (status, output) = try await PythonTool.script(source, [folder.path()])
        guard status == 0 else { throw Unexpected(output) }
        return (try JSON(parsing: output.trimmingCharacters(in: .newlines)).elements ?? []).map { row in
            Dictionary(uniqueKeysWithValues: (row.members ?? []).map { ($0.name, $0.value.string ?? "") })
        }
    }
}
