import Foundation
import Support
import Testing

@testable import Mail

/// Names, subjects and addresses made to break out of their header.
@Suite struct InjectionTests {
    private static let count = 100_000
    private static let pieces = [
        "\r\n", "\n", "\r", "\u{0}", "\u{B}", "\u{C}", "\u{85}", "\u{2028}", "\u{2029}", "\u{1B}", "\u{7F}", "Bcc: victim@example.com",
        "\r\n\r\n",
        "\r\n ", "\n\t", "=?utf-8?q?", "=0D=0A", "?=", "=?utf-8?b?DQpCY2M6IHhAeQ==?=", "\"", "\\", "<", ">", ",", ";", ":", "(", ")", "@",
        "é", "漢",
        "👩‍👩‍👧", "\u{301}", "\u{200D}", "\u{202E}", "x", "word", "  ", " ", "From: other@example.com", "%0d%0a", "\\r\\n",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ]

    @Test("A hundred thousand hostile names, subjects and addresses bring no header into any mail") func fuzz() async throws {
        let expected = ["Date", "From", "To", "Message-ID", "Subject", "Auto-Submitted", "Content-Language", "MIME-Version"]
        let inputs = (0..<Self.count).map { number in
            var random = SplitMix64(seed: UInt64(number))
            return (from: Self.hostile(&random), to: Self.hostile(&random), subject: Self.hostile(&random))
        }
        let base = try Message.sample()
        let heads = try inputs.map { input in
            var message = base
            // An address is taken or refused; a refused one reaches no mail.
            message.from = try (try? Mailbox(input.from, name: input.from)) ?? Mailbox("good@example.com", name: input.from)
            message.to = try (try? Mailbox("x\(input.to)@example.com", name: input.to)) ?? Mailbox("good@example.com", name: input.to)
            message.subject = input.subject
            return message.head + Array("\r\nbody".utf8)
        }

        let wrong = try await ReadMail.wrongHeads(zip(heads, inputs).map { ($0, OneLine.of($1.subject)) }, names: expected)

        #expect(
            wrong.isEmpty,
            "\(wrong.count) wrong, the first: \(wrong.first.map { "\(inputs[$0])\n\(String(decoding: heads[$0], as: UTF8.self))" } ?? "")")
    }

    @Test("A head with one header too many, or another subject, is found") func finds() async throws {
        let head = try Message.sample(subject: "x").head
        let names = ["Date", "From", "To", "Message-ID", "Subject", "Auto-Submitted", "Content-Language", "MIME-Version"]
        let body = Array("\r\nbody".utf8)

        let wrong = try await ReadMail.wrongHeads(
            [(head + body, "x"), (head + Array("Bcc: a@b.c\r\n".utf8) + body, "x"), (head + body, "y"), (head + body + body, "x")],
            names: names)

        #expect(wrong == [1, 2, 3])
    }

    private static func hostile(_ random: inout SplitMix64) -> String {
        (0..<Int.random(in: 1...6, using: &random)).map { _ in pieces[Int.random(in: 0..<pieces.count, using: &random)] }.joined()
    }
}
