import Foundation
import HTTPTypes
import Records
import Support
import Testing

@testable import Server

/// What an import may be told: how records are found, how cells are written, what must not happen.
@Suite("Imports: modes and options") struct ImportModeTests {
    @Test("An upsert changes what its key finds and makes the rest; an update makes nothing; empty cells leave what is there")
    func modes() async throws {
        let house = try await ImportFirm()
        for (name, email) in [("Old", "a@example.com"), ("Same", "b@example.com")] {
            _ = try await house.admin.post(
                "/v1/contacts", ["last_name": .string(name), "email": .string(email), "title": "Boss", "external_id": .string(name)])
        }

        let upsert = try await house.take(
            ["type": "contacts", "mode": "upsert", "key": "email"],
            "E-Mail,Last Name,Title\nA@example.com,New,\nb@example.com,Same,Boss\nc@example.com,Cee,\nc@example.com,Cee 2,\n,None,\n")
        let update = try await house.take(
            ["type": "contacts", "mode": "update", "key": "external_id"], "External ID,Last Name\nOld,Newest\nnobody,X\n")

        #expect(counts(upsert) == [5, 1, 2, 1, 1], "\(upsert.text)")
        #expect(counts(update) == [2, 0, 1, 0, 1])
        #expect(try await house.errors(update) == ["2,External ID,There is no contact with this external_id.,nobody,X"])
        let found = Dictionary(
            uniqueKeysWithValues: try await house.all("contacts").map { ($0["email"]?.string?.lowercased() ?? "", $0) })
        #expect(found.keys.sorted() == ["a@example.com", "b@example.com", "c@example.com"])
        #expect(found["a@example.com"]?["last_name"] == "Newest" && found["a@example.com"]?["title"] == "Boss")
        #expect(found["a@example.com"]?["version"]?.integer == 3 && found["b@example.com"]?["version"]?.integer == 1)
        #expect(found["c@example.com"]?["last_name"] == "Cee 2")
    }

    @Test("References are meant by id, unique field or name, and made where the import may") func references() async throws {
        let house = try await ImportFirm()
        let known = try await house.admin.post("/v1/companies", ["name": "Known", "domain": "known.example", "external_id": "k-1"]).json
        let id = known["id"]?.string ?? ""
        let file = "Last Name,Company\nA,Known\nB,KNOWN.example\nC,k-1\nD,\(id)\nE,New Ltd\nF,New Ltd\nG,\n"

        let strict = try await house.take(["type": "contacts"], file)
        let lenient = try await house.take(["type": "contacts", "options": ["create_references": true]], file)

        #expect(counts(strict) == [7, 5, 0, 0, 2], "\(strict.text)")
        #expect(try await house.errors(strict)[0] == "5,Company,No record of companies is called New Ltd.,E,New Ltd")
        #expect(counts(lenient) == [7, 7, 0, 0, 0])
        #expect(try await house.all("companies").compactMap { $0["name"]?.string } == ["Known", "New Ltd"])
        let companies = try await house.all("contacts").suffix(7).map { $0["company_id"]?.string }
        #expect(companies.prefix(4).allSatisfy { $0 == id } && companies[companies.startIndex + 6] == nil)
    }

    @Test("Deals go into stages by their names, with dates and amounts as the file writes them") func deals() async throws {
        let house = try await ImportFirm()
        _ = try await house.admin.post("/v1/companies", ["name": "Buyer"])
        let pipeline = try await house.admin.get("/v1/pipelines").json["data"]?.elements?.first

        let result = try await house.take(
            [
                "type": "deals", "options": ["date_format": "DD.MM.YYYY", "decimal": ","],
                "mapping": [
                    "Deal": "name", "Pipeline": "pipeline_id", "Stufe": "stage_id", "Betrag": "amount", "Abschluss": "close_date",
                    "Firma": "company_id",
                ],
            ],
            """
            Deal;Pipeline;Stufe;Betrag;Abschluss;Firma
            One;\(pipeline?["name"]?.string ?? "");Negotiation;1.234,50 €;24.12.2026;Buyer
            Two;\(pipeline?["name"]?.string ?? "");qualification;USD 7;1.2.2027;
            Three;\(pipeline?["name"]?.string ?? "");Nowhere;7;31.2.2027;
            """)

        #expect(counts(result) == [3, 2, 0, 0, 1], "\(result.text)")
        let deals = Dictionary(uniqueKeysWithValues: try await house.all("deals").map { ($0["name"]?.string ?? "", $0) })
        #expect(deals["One"]?["amount"] == ["amount": "1234.50", "currency": "EUR"] && deals["One"]?["close_date"] == "2026-12-24")
        #expect(deals["One"]?["status"] == "open" && deals["One"]?["probability"] == 70)
        #expect(deals["Two"]?["amount"] == ["amount": "7.00", "currency": "USD"] && deals["Two"]?["close_date"] == "2027-02-01")
        let errors = try await house.errors(result)
        #expect(errors[0].hasPrefix("3,\"Abschluss, Stufe\""), "\(errors)")
    }

    /// The same three names.
    private static let gbk: [[UInt8]] = [
        [0xCD, 0xF5, 0xD0, 0xA1, 0xC3, 0xF7], [0xC5, 0xB7, 0xD1, 0xF4, 0xC4, 0xC8, 0xC4, 0xC8],
        [0xCB, 0xBE, 0xC2, 0xED, 0xCF, 0xE0, 0xC8, 0xE7],
    ]

    @Test("UTF-8, UTF-16, GBK and Windows-1252 are told apart, and every delimiter", arguments: ["utf-8", "utf-16", "gbk", "windows-1252"])
    func encodings(_ name: String) async throws {
        let house = try await ImportFirm()
        let names = name == "windows-1252" ? ["Müller", "Ångström", "Çelik"] : ["王小明", "欧阳娜娜", "司马相如"]
        let text = "Last Name\tE-Mail\r\n" + names.enumerated().map { "\($1)\tp\($0)@example.com\r\n" }.joined()
        let file: [UInt8] =
            switch name {
            case "utf-16": [0xFF, 0xFE] + text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
            case "gbk":
                Array("Last Name\tE-Mail\r\n".utf8)
                    + Self.gbk.enumerated().flatMap { $1 + Array("\tp\($0)@example.com\r\n".utf8) }
            case "windows-1252": text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
            default: Array(text.utf8)
            }

        let result = try await house.take(["type": "contacts"], file)

        #expect(counts(result) == [3, 3, 0, 0, 0], "\(result.text)")
        #expect(result["delimiter"] == "\t")
        #expect(Set(try await house.all("contacts").compactMap { $0["last_name"]?.string }) == Set(names))
    }

    @Test(
        "UTF-16 with the high bytes first is read with its mark, without one, and by its name; names in Chinese too",
        arguments: [true, false], [nil, "utf-16be"] as [String?])
    func highBytesFirst(hasMark: Bool, name: String?) async throws {
        let house = try await ImportFirm()
        let names = ["Müller", "王小明", "Ωmega", "😀 Smith"]
        let text = "Last Name;E-Mail\r\n" + names.enumerated().map { "\($1);p\($0)@example.com\r\n" }.joined()
        let bytes = text.utf16.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        let options: JSON = name.map { ["encoding": .string($0)] } ?? [:]

        let result = try await house.take(["type": "contacts", "options": options], (hasMark ? [0xFE, 0xFF] : []) + bytes)

        #expect(counts(result) == [4, 4, 0, 0, 0] && result["encoding"] == "utf-16be", "\(result.text)")
        #expect(result["proposed_mapping"] == ["Last Name": "last_name", "E-Mail": "email"])
        #expect(Set(try await house.all("contacts").compactMap { $0["last_name"]?.string }) == Set(names))
    }

    @Test("GB18030 is read with its characters of four bytes, found out or said", arguments: [nil, "gb18030", "gbk"] as [String?])
    func fourBytes(name: String?) async throws {
        let house = try await ImportFirm()
        // GB 18030 writes U+3400 as 81 39 EE 39, U+1F600 as 94 39 FC 36 and U+20000 as 95 32 82 36; the two names before them have two bytes each.
        let rows: [(name: String, bytes: [UInt8])] = [
            ("王小明", [0xCD, 0xF5, 0xD0, 0xA1, 0xC3, 0xF7]), ("欧阳娜娜", [0xC5, 0xB7, 0xD1, 0xF4, 0xC4, 0xC8, 0xC4, 0xC8]),
            ("\u{3400}明", [0x81, 0x39, 0xEE, 0x39, 0xC3, 0xF7]), ("\u{1F600}明", [0x94, 0x39, 0xFC, 0x36, 0xC3, 0xF7]),
            ("\u{20000}", [0x95, 0x32, 0x82, 0x36]),
        ]
        let file = Array("Last Name\tE-Mail\n".utf8) + rows.enumerated().flatMap { $1.bytes + Array("\tp\($0)@example.com\n".utf8) }
        let options: JSON = name.map { ["encoding": .string($0)] } ?? [:]

        let result = try await house.take(["type": "contacts", "options": options], file)

        #expect(counts(result) == [5, 5, 0, 0, 0] && result["encoding"] == "gb18030", "\(result.text)")
        #expect(Set(try await house.all("contacts").compactMap { $0["last_name"]?.string }) == Set(rows.map(\.name)))
    }

    @Test("A dry run tells everything and changes nothing") func rehearsal() async throws {
        let house = try await ImportFirm()
        _ = try await house.admin.post("/v1/contacts", ["last_name": "There", "email": "there@example.com"])
        let file = "Last Name,E-Mail\nA,a@example.com\nB,A@example.com\nC,there@example.com\nD,bad\n"

        let dry = try await house.take(["type": "contacts", "dry_run": true], file)
        let before = try await house.all("contacts")
        let real = try await house.take(["type": "contacts"], file)

        #expect(counts(dry) == [4, 1, 0, 0, 3] && counts(real) == counts(dry), "\(dry.text)")
        #expect(before.map { $0["last_name"] } == ["There"])
        #expect(try await house.admin.get("/v1/usage").json["usage"]?["records.contacts"]?["used"] == 2)
        #expect(try await house.errors(dry).map { $0.prefix(8) } == house.errors(real).map { $0.prefix(8) })
    }

    @Test("Own fields and own record types are imported like built-in ones") func custom() async throws {
        let house = try await ImportFirm()
        let field = try await house.admin.post(
            "/v1/custom_fields",
            ["type": "contacts", "name": "shoe", "label": "Shoe size", "kind": "integer", "required": true, "default": 40])
        #expect(field.status == 201, "\(field.text)")
        let object = try await house.admin.post(
            "/v1/custom_objects",
            [
                "name": "vehicle", "plural": "vehicles", "label_field": "plate",
                "fields": [
                    ["name": "plate", "label": "Plate", "kind": "text", "unique": true],
                    ["name": "bought", "label": "Bought", "kind": "date"],
                    ["name": "price", "label": "Price", "kind": "money"],
                ],
            ])
        #expect(object.status == 201, "\(object.text)")

        let contacts = try await house.take(["type": "contacts"], "Last Name,Shoe size\nA,44\nB,\nC,big\n")
        let vehicles = try await house.take(
            ["type": "vehicles", "mode": "upsert", "key": "plate"], "Plate,Bought,Price\nB-1,2026-01-02,CHF 10.5\nB-1,2026-01-03,\n")

        #expect(counts(contacts) == [3, 2, 0, 0, 1], "\(contacts.text)")
        #expect(try await house.all("contacts").map { $0["custom"]?["shoe"] } == [44, 40])
        #expect(counts(vehicles) == [2, 1, 1, 0, 0], "\(vehicles.text)")
        let vehicle = try await house.all("vehicles").first
        #expect(vehicle?["bought"] == "2026-01-03" && vehicle?["price"] == ["amount": "10.50", "currency": "CHF"])
    }
}
