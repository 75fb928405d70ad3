import HTTPTypes
import Records
import Support
import Testing

@testable import Server

/// Why rows were not taken: for programs by code, for people in their language.
@Suite("Imports: reasons") struct ImportReasonTests {
    private static let file = """
        Vorname,Nachname,E-Mail,Geburtstag,Firma
        Ann,Lee,no address,1980-02-30,
        Bob,Ray,bob@example.com,,Nowhere Ltd
        Cy,Poe,cy@example.com
        "Di"x,Orr,di@example.com,,
        Ed,Fox,taken@example.com,,
        Flo,Gil,flo@example.com,,
        """
    private static let mapping: JSON = [
        "Vorname": "first_name", "Nachname": "last_name", "E-Mail": "email", "Geburtstag": "birthday", "Firma": "company_id",
    ]

    private func list(_ client: Client, _ result: JSON, _ query: String = "") async throws -> JSON {
        let answer = try await client.get("/v1/imports/\(result["id"]?.string ?? "")/errors\(query)")
        guard answer.status == 200 else { throw Unexpected(answer) }
        return try answer.json
    }

    @Test("Each reason has its code and its column; the file of errors is in the language of who reads it") func spoken() async throws {
        let house = try await ImportFirm()
        _ = try await house.admin.post("/v1/contacts", ["last_name": "First", "email": "taken@example.com"])

        let result = try await house.take(["type": "contacts", "mapping": Self.mapping], Self.file)

        #expect(counts(result) == [6, 1, 0, 0, 5], "\(result.text)")
        let rows = try await list(house.admin, result)["data"]?.elements ?? []
        let reasons = rows.map { row in
            (row["errors"]?.elements ?? []).map {
                "\(row["row"]?.integer ?? 0) \($0["column"]?.string ?? "-") \($0["code"]?.string ?? "-")"
            }
        }
        #expect(
            reasons == [
                ["1 Geburtstag format", "1 E-Mail format"], ["2 Firma reference"], ["3 - cells"], ["4 - quotation"], ["5 E-Mail duplicate"],
            ], "\(rows)")
        #expect(rows.first?["cells"] == ["Ann", "Lee", "no address", "1980-02-30", ""])
        #expect(rows.first?["errors"]?.elements?.last?["detail"] == "This is an e-mail address such as ann@example.com.")
        let english = try await house.errors(result)
        #expect(
            english.first == "1,\"Geburtstag, E-Mail\",\"Geburtstag: This is a date that exists, as YYYY-MM-DD; say another form in "
                + "options.date_format. E-Mail: This is an e-mail address such as ann@example.com.\",Ann,Lee,no address,1980-02-30,",
            "\(english)")

        let me = try await house.admin.get("/v1/session").json["user"]?["id"]?.string ?? ""
        #expect(try await house.admin.patch("/v1/users/\(me)", ["locale": "de-AT"]).status == 200)
        let german = try await house.errors(result)

        #expect(
            german.first == "1,\"Geburtstag, E-Mail\",\"Geburtstag: Das ist kein Tag in der Schreibweise, die für die Datei gewählt ist. "
                + "E-Mail: Das ist keine E-Mail-Adresse wie anna@example.com.\",Ann,Lee,no address,1980-02-30,", "\(german)")
        #expect(
            german.dropFirst().map { $0.prefix { $0 != "." } } == [
                "2,Firma,\"Diesen Datensatz gibt es nicht, oder Sie dürfen ihn nicht sehen",
                "3,,\"Die Zeile hat mehr Zellen als die Kopfzeile, oder weniger",
                "4,,Mitten in einer Zelle steht ein Anführungszeichen", "5,E-Mail,Diesen Wert hat schon ein anderer Datensatz",
            ], "\(german)")
        // Whoever has chosen no language is answered in that of the browser; the sentences of the API stay.
        #expect(try await list(house.admin, result)["data"] == .array(rows))
        let guest = try await house.firm.person("admin").with(.acceptLanguage, "es-MX, en;q=0.5")
        #expect(try await guest.get("/v1/imports/\(result["id"]?.string ?? "")/errors.csv").text.contains("Otro registro ya tiene"))
    }

    @Test("A dry run and an update by key say what is wrong by code too") func modes() async throws {
        let house = try await ImportFirm()
        func codes(_ order: JSON, _ file: String) async throws -> [String] {
            let rows = try await list(house.admin, try await house.take(order, file))["data"]?.elements ?? []
            return rows.flatMap { row in
                (row["errors"]?.elements ?? []).map { "\($0["column"]?.string ?? "-") \($0["code"]?.string ?? "-")" }
            }
        }

        #expect(
            try await codes(["type": "contacts", "dry_run": true], "Last Name,E-Mail\nA,a@example.com\nB,A@example.com\n")
                == ["E-Mail repeated"])
        #expect(
            try await codes(["type": "contacts", "mode": "update", "key": "email"], "Last Name,E-Mail\nA,\nB,b@example.com\n")
                == ["E-Mail required", "E-Mail reference"])
    }

    @Test("Rows come in pages; a page of another import and another's rows are refused") func pages() async throws {
        let house = try await ImportFirm()
        let file = "Last Name,E-Mail\nA,a\nB,b\nC,c\n"
        let (first, second) = (try await house.take(["type": "contacts"], file), try await house.take(["type": "contacts"], file))

        var seen: [Int?] = []
        var next: String?
        repeat {
            let page = try await list(house.admin, first, "?limit=2" + (next.map { "&after=\($0)" } ?? ""))
            seen += (page["data"]?.elements ?? []).map { $0["row"]?.integer }
            next = page["page"]?["next"]?.string
            if let next {
                let other = try await house.admin.get("/v1/imports/\(second["id"]?.string ?? "")/errors?after=\(next)")
                #expect(other.code == "cursor", "\(other.text)")
            }
        } while next != nil

        #expect(seen == [1, 2, 3])
        let member = try await house.firm.person("member")
        for address in ["errors", "errors.csv"] {
            #expect(try await member.get("/v1/imports/\(first["id"]?.string ?? "")/\(address)").status == 404)
        }
    }

    @Test("Rows from before there were codes are told as they were written, each reason with its column") func older() async throws {
        let house = try await ImportFirm()
        let result = try await house.take(["type": "contacts"], "Last Name,E-Mail\nA,a\n")
        // As a server of before writes it.
        _ = try await house.firm.scope().run([
            """
            INSERT INTO import_errors (import_id, row, columns, reasons, cells)
            SELECT id, 2, ARRAY['Last Name', 'E-Mail'], ARRAY['Last Name: This is needed.', 'E-Mail: This is odd.'], ARRAY['', 'x'] FROM imports
            UNION ALL SELECT id, 3, ARRAY['E-Mail'], ARRAY['This is odd.'], ARRAY['=B', 'y'] FROM imports
            """
        ])

        let rows = try await list(house.admin, result)["data"]?.elements ?? []
        let german = try await house.admin.with(.acceptLanguage, "de").get("/v1/imports/\(result["id"]?.string ?? "")/errors.csv").text

        #expect(
            rows.dropFirst().map { $0["errors"] } == [
                [
                    ["column": "Last Name", "code": .null, "detail": "This is needed."],
                    ["column": "E-Mail", "code": .null, "detail": "This is odd."],
                ], [["column": "E-Mail", "code": .null, "detail": "This is odd."]],
            ])
        #expect(
            german.split { $0.isNewline }.dropFirst() == [
                "1,E-Mail,Das ist keine E-Mail-Adresse wie anna@example.com.,A,a",
                "2,\"Last Name, E-Mail\",Last Name: This is needed. E-Mail: This is odd.,,x", "3,E-Mail,This is odd.,'=B,y",
            ], "\(german)")
    }
}
