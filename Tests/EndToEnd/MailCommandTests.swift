import Foundation
import Testing

@Suite("Whether mail leaves", .serialized, .timeLimit(.minutes(2))) struct MailCommandTests {
    private func test(_ settings: String..., to: String = "anna@example.com") async throws -> (status: Int32, output: String) {
        try await Program.run(["mail", "test", "--to", to, "--json", "--"] + settings)
    }

    @Test("A mail becomes a file where the settings say so") func file() async throws {
        let place = try Place()
        let folder = place.path + "/mail"

        let answer = try await test("mail.transport=file", "mail.directory=\(folder)", "mail.from=Über CRM <crm@example.com>")

        #expect(answer.status == 0, "\(answer.output)")
        #expect(answer.output.contains("\"outcome\":\"accepted\""))
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(names.count == 1)
        let mail = try String(contentsOfFile: "\(folder)/\(try #require(names.first))", encoding: .utf8)
        #expect(mail.contains("\r\nTo: anna@example.com\r\n") && mail.contains("=?utf-8?q?=C3=9Cber_CRM?= <crm@example.com>"))
    }

    @Test("A server that is not there is said, and settings that are missing are named") func refusals() async throws {
        let silent = try await test("mail.smtp.host=127.0.0.1", "mail.smtp.port=1", "mail.from=crm@example.com")
        let nameless = try await test("mail.smtp.host=127.0.0.1")
        let nowhere = try await test("mail.from=crm@example.com")
        let wrongSender = try await test("mail.smtp.host=127.0.0.1", "mail.from=crm")
        let wrongRecipient = try await test("mail.smtp.host=127.0.0.1", "mail.from=crm@example.com", to: "anna")

        #expect(silent.status == 1 && silent.output.contains("\"outcome\":\"retry\""), "\(silent.output)")
        #expect(nameless.status == 78 && nameless.output.contains("mail.from"))
        #expect(nowhere.status == 78 && nowhere.output.contains("mail.smtp.host"))
        #expect(wrongSender.status == 78 && wrongSender.output.contains("`mail.from`"))
        #expect(wrongRecipient.status == 64)
    }
}
