import Foundation
import HTTPTypes
import Records
import Support
import Testing

@testable import Server

/// Files become records by the rules of any other write.
@Suite("Imports") struct ImportTests {
    @Test("A file of contacts becomes contacts; rows that cannot be taken are told with column and reason, and can be sent again corrected")
    func contacts() async throws {
        let house = try await ImportFirm()

        let result = try await house.take(
            ["type": "contacts", "mode": "create", "mapping": ["E-Mail": "email", "Vorname": "first_name", "Nachname": "last_name"]],
            """
            Vorname,Nachname,E-Mail,Unused
            Ann,"Lee, Dr.",ann@example.com,1
            Bob,Ray,no address,2
            ,"Two
            lines",,3
            Cy,Poe,ANN@example.com,4
            ,,,5
            Dan,Fox
            """)

        #expect(result["state"] == "done" && result["progress"]?.integer == 1, "\(result.text)")
        #expect(counts(result) == [6, 2, 0, 0, 4])
        let names = try await house.all("contacts").compactMap { $0["last_name"]?.string }
        #expect(Set(names) == ["Lee, Dr.", "Two\nlines"])
        let errors = try await house.errors(result)
        #expect(errors.count == 4, "\(errors)")
        #expect(errors[0] == "2,E-Mail,This is an e-mail address such as ann@example.com.,Bob,Ray,no address,2")
        #expect(errors[1] == "4,E-Mail,There is a contact with this email already.,Cy,Poe,ANN@example.com,4")
        #expect(errors[2].hasPrefix("5,Nachname,\"A contact has a first name, a last name or an e-mail address.\""))
        #expect(errors[3].hasPrefix("6,,\"The row has 2 cells, the header 4.\",Dan,Fox,"))

        let header = try await house.admin.get("/v1/imports/\(result["id"]?.string ?? "")/errors.csv").text.split { $0.isNewline }[0]
        #expect(header == "row,column,reason,Vorname,Nachname,E-Mail,Unused")
        let again = try await house.take(
            ["type": "contacts", "mapping": ["E-Mail": "email", "Vorname": "first_name", "Nachname": "last_name"]],
            "\(header)\n\(errors[0].replacing("no address", with: "bob@example.com"))")
        #expect(counts(again) == [1, 1, 0, 0, 0])
    }

    @Test("What is imported stands in the change log as one operation, is counted and found like what the API writes")
    func consequences() async throws {
        let house = try await ImportFirm()

        let result = try await house.take(
            ["type": "contacts"], "First Name,Last Name,Email\nZoë,Quix,zoe@example.com\nKim,Quix,kim@example.com\n")

        let record = try #require(try await house.all("contacts").first { $0["first_name"] == "Zoë" })
        let made = try await house.admin.post(
            "/v1/contacts", ["first_name": "Zoë", "last_name": "Quix", "email": "other@example.com"]
        ).json
        let own = try await house.admin.get("/v1/contacts/\(record["id"]?.string ?? "")/changes").json["data"]?.elements?.first
        let others = try await house.admin.get("/v1/contacts/\(made["id"]?.string ?? "")/changes").json["data"]?.elements?.first
        #expect(own?["action"] == "import" && own?["operation_id"] == result["id"])
        #expect(own?["actor"] == others?["actor"])
        let fields = (own?["fields"]?.members ?? []).filter { $0.name != "email" }
        #expect(fields == (others?["fields"]?.members ?? []).filter { $0.name != "email" } && !fields.isEmpty)
        for name in ["version", "created_by", "owner_id", "tags", "email_opt_out", "custom"] {
            #expect(record[name] == made[name], "\(name)")
        }
        #expect(try await house.admin.get("/v1/usage").json["usage"]?["records.contacts"]?["used"] == 3)
        #expect(try await house.admin.get("/v1/search?q=zoe").json["data"]?.elements?.count == 2)
    }

    @Test("The mapping is proposed from English, German and Chinese headers, and can be changed before the start") func proposals()
        async throws
    {
        let house = try await ImportFirm()
        func proposal(_ header: String) async throws -> JSON? {
            let id = try await house.order(["type": "contacts"], header + "\n")
            return try await house.admin.get("/v1/imports/\(id)").json["proposed_mapping"]
        }

        #expect(
            try await proposal("First Name;Last Name;Email Address;Job Title;Company Name;Zip;Nonsense")
                == [
                    "First Name": "first_name", "Last Name": "last_name", "Email Address": "email", "Job Title": "title",
                    "Company Name": "company_id", "Zip": "address.postal_code",
                ])
        #expect(
            try await proposal("Vorname;Nachname;E-Mail-Adresse;Straße;PLZ;Ort;Firma")
                == [
                    "Vorname": "first_name", "Nachname": "last_name", "E-Mail-Adresse": "email", "Straße": "address.street",
                    "PLZ": "address.postal_code", "Ort": "address.city", "Firma": "company_id",
                ])
        #expect(
            try await proposal("姓名,邮箱,手机号码,公司名称,城市")
                == ["姓名": "last_name", "邮箱": "email", "手机号码": "phone", "公司名称": "company_id", "城市": "address.city"])
        let id = try await house.order(["type": "contacts"], "Name,Mail\nX,x@example.com\n")
        let changed = try await house.admin.patch("/v1/imports/\(id)", ["mapping": ["Name": "first_name"]])
        #expect(changed.status == 200, "\(changed.text)")
        #expect(try await house.admin.patch("/v1/imports/\(id)", ["mapping": ["Gone": "first_name"]]).pointers == ["/mapping/Gone"])
        #expect(try await house.admin.patch("/v1/imports/\(id)", ["mapping": ["Name": "shoe_size"]]).pointers == ["/mapping/Name"])
        _ = try await house.admin.post("/v1/imports/\(id)/start", [:])
        _ = try await house.ended(id)
        #expect(try await house.all("contacts").map { $0["first_name"] } == ["X"])
    }

    /// By type: fields, and what they are called in a German file and in a Chinese one.
    private static let headers: [(type: String, fields: [String], german: [String], chinese: [String])] = [
        (
            "companies",
            [
                "name", "domain", "industry", "employees", "phone", "website", "parent_id", "address.street", "address.postal_code",
                "address.city", "address.country", "external_id", "owner_id", "tags",
            ],
            [
                "Firmenname", "Domäne", "Branche", "Mitarbeiterzahl", "Telefon", "Webseite", "Muttergesellschaft", "Straße", "PLZ", "Ort",
                "Land", "Kundennummer", "Betreuer", "Schlagworte",
            ], ["公司名称", "域名", "行业", "员工人数", "电话", "网站", "母公司", "地址", "邮编", "城市", "国家", "客户编号", "负责人", "标签"]
        ),
        (
            "leads", ["first_name", "last_name", "company_name", "email", "phone", "source", "status", "score", "external_id"],
            ["Vorname", "Nachname", "Firma", "E-Mail-Adresse", "Handy", "Quelle", "Stand", "Bewertung", "Externe ID"],
            ["名字", "姓氏", "公司", "邮箱", "手机", "来源", "线索状态", "评分", "编号"]
        ),
        (
            "deals",
            [
                "name", "pipeline_id", "stage_id", "amount", "amount.currency", "close_date", "probability", "contact_id", "company_id",
                "lost_reason",
            ],
            [
                "Bezeichnung", "Vertriebspipeline", "Phase", "Betrag", "Währung", "Abschlussdatum", "Wahrscheinlichkeit", "Ansprechpartner",
                "Firma", "Verlustgrund",
            ], ["商机名称", "销售管道", "销售阶段", "金额", "币种", "预计成交日期", "赢单率", "联系人", "公司名称", "丢单原因"]
        ),
        (
            "activities",
            ["kind", "subject", "body", "at", "duration_minutes", "direction", "contact_ids", "company_id", "deal_id", "lead_id"],
            ["Art", "Betreff", "Notiz", "Zeitpunkt", "Dauer", "Richtung", "Teilnehmer", "Firma", "Geschäft", "Lead"],
            ["类型", "主题", "内容", "时间", "时长", "方向", "联系人", "公司", "商机", "线索"]
        ),
        (
            "tasks", ["title", "body", "due", "due.time_zone", "priority", "status", "assignee_id", "owner_id"],
            ["Aufgabe", "Beschreibung", "Fällig am", "Zeitzone", "Priorität", "Stand", "Zuständig", "Besitzer"],
            ["任务", "描述", "截止日期", "时区", "优先级", "状态", "负责人", "所有者"]
        ),
    ]

    @Test("Columns of every type are known by their German and Chinese names, in any case", arguments: headers.map(\.type))
    func words(type: String) async throws {
        let house = try await ImportFirm()
        let known = try #require(Self.headers.first { $0.type == type })
        for names in [known.german, known.german.map { "\($0.uppercased())*" }, known.chinese] {
            let id = try await house.order(["type": .string(type)], names.joined(separator: ";") + "\n")

            let proposed = try await house.admin.get("/v1/imports/\(id)").json["proposed_mapping"]

            #expect(proposed == .object(zip(names, known.fields).map { JSON.Member($0, .string($1)) }), "\(proposed?.text ?? "")")
        }
    }
}
