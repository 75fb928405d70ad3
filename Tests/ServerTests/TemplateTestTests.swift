import CRM
import Foundation
import Records
import Support
import Testing

@testable import Server

@Suite("Templates are tested by mail") struct TemplateTestTests {
    private static func template(_ admin: Client, _ body: String = "Dear **{{record.title}}** of {{tenant.name}}") async throws -> String {
        let made = try await admin.post(
            "/v1/templates", ["name": "Hello", "subject": "Hello {{record.first_name}}", "body": .string(body), "locale": "de"])
        guard made.status == 201, let id = try made.json["id"]?.string else { throw Unexpected(made) }
        return id
    }

    private static func entries(_ firm: Firm) async throws -> [String] {
        try await firm.scope().rows("SELECT state || ' ' || recipient FROM mails WHERE kind = 'template_test' ORDER BY id").map {
            try $0.text(0)
        }
    }

    @Test("A test goes to whoever asks, about a record, as its readers would get it; the ledger and the audit tell it") func own()
        async throws
    {
        let post = try await PostSite.shared
        let firm = try await post.site.firm()
        let admin = try await firm.admin()
        let id = try await Self.template(admin)
        let contact = try await admin.post("/v1/contacts", ["first_name": "<Ann>", "last_name": "Miller"]).json["id"] ?? .null

        let body: JSON = ["about": ["type": "contacts", "id": contact]]
        let key = admin.with(.idempotencyKey, "once")
        let answer = try await key.post("/v1/templates/\(id)/test_send", body)
        let again = try await key.post("/v1/templates/\(id)/test_send", body)

        #expect(answer.status == 202, "\(answer.text)")
        #expect(try answer.json["to"] == .string(firm.email) && answer.json["subject"] == "Hello <Ann>")
        #expect(again.headers[.idempotentReplayed] == "true" && again.text == answer.text)
        let mails = try await post.mails(to: firm.email, count: 1)
        let mail = try #require(mails.first)
        #expect(mails.count == 1 && mail.subject == "Hello <Ann>" && mail.text.contains("Dear <Ann> Miller of Test Firm"))
        #expect(mail["content-language"] == "de" && mail["list-unsubscribe"] != nil)
        #expect(mail["message-id"]?.contains(try answer.json["id"]?.string ?? "?") == true)
        try await eventually { try await Self.entries(firm) == ["sent \(firm.email)"] }
        let audit = try await admin.get("/v1/audit?limit=50").json["data"]?.elements?.first { $0["action"] == "template_tested" }
        #expect(audit?["about"]?["id"]?.string == id || audit?.text.contains(id) == true)
    }

    @Test("To others it goes only from those who may change the template, and to nobody who wants no mail or gets none") func others()
        async throws
    {
        let post = try await PostSite.shared
        let firm = try await post.site.firm()
        let admin = try await firm.admin()
        let reader = try await firm.person("read_only")
        let id = try await Self.template(admin, "Hello")
        let path = "/v1/templates/\(id)/test_send"
        _ = try await admin.post("/v1/contacts", ["last_name": "Out", "email": "out@x.example", "email_opt_out": true])
        _ = try await firm.scope().run(["INSERT INTO suppressions (address, reason) VALUES ('dead@x.example', 'bounce')"])

        #expect(try await reader.post(path, [:]).status == 202)
        #expect(try await reader.post(path, ["to": "else@x.example"]).status == 403)
        #expect(try await admin.post(path, ["to": "Dead@x.example"]).code == "conflict")
        #expect(try await admin.post(path, ["to": "out@x.example"]).code == "conflict")
        for (body, pointer): (JSON, String) in [
            (["to": "nobody"], "/to"), (["to": 7], "/to"), (["too": "a@b.example"], "/too"), (["about": ["type": "contacts"]], "/about/id"),
        ] {
            let refused = try await admin.post(path, body)
            #expect(refused.status == 422 && refused.pointers == [pointer], "\(refused.text)")
        }
        #expect(try await admin.post(path, ["to": "else@x.example"]).status == 202)
        #expect(try await post.mails(to: "else@x.example", count: 1).count == 1)
        #expect(try post.mails(to: "dead@x.example").isEmpty && post.mails(to: "out@x.example").isEmpty)
        #expect(try await Self.entries(firm).count == 2)
        #expect(try await admin.post("/v1/templates/01890000-0000-7000-8000-000000000000/test_send", [:]).status == 404)
    }

    @Test("Of thirty that are asked for at once an account sends twenty") func rate() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let id = try await Self.template(admin, "Hello")

        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<30 { group.addTask { try await admin.post("/v1/templates/\(id)/test_send", [:]).status } }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }

        #expect(statuses.filter { $0 == 202 }.count == TemplateTest.most && statuses.filter { $0 == 429 }.count == 10)
        #expect(try await Self.entries(firm).count == TemplateTest.most)
        _ = try await firm.scope().run([
            "UPDATE mails SET created_at = created_at - interval '1 hour' WHERE kind = 'template_test'"
        ])
        #expect(try await admin.post("/v1/templates/\(id)/test_send", [:]).status == 202)
    }
}
