import Foundation
import Testing

@testable import Mail

/// What we write, read back by another program.
@Suite struct MessageTests {
    private static let names = [
        "Anna Keller", "Keller, Anna", "O'Brien \"Bob\" \\ Sons", "Jürgen Groß", "José Ñúñez", "王小明", "山田太郎", "김철수", "Анна Каренина",
        "Ελένη", "محمد علي", "נועה", "สมชาย", "अनिता", "Anna 🎉👩‍👩‍👧‍👦", "=?utf-8?q?trick?=", "a@b.c", "(comment)", "Dr. X",
        String(repeating: "長い名前", count: 40),
        String(repeating: "Long Name ", count: 30).trimmingCharacters(in: .whitespaces), String(repeating: "x", count: 300),
        "e\u{301}te\u{301}",
    ]

    @Test("Names and subjects of any script come out as they went in") func scripts() async throws {
        let messages = try Self.names.map { try Message.sample(name: $0, subject: "\($0): \($0)") }

        let read = try await ReadMail.read(messages.map(\.bytes))

        #expect(read.count == Self.names.count)
        for (mail, name) in zip(read, Self.names) {
            #expect(mail.to == [name, "anna@example.com"])
            #expect(mail.subject == "\(name): \(name)")
            #expect(mail.defects.isEmpty && mail.bare == 0 && mail.ascii, "\(name): \(mail.defects)")
            #expect(mail.longest <= 78, "\(name)")
        }
    }

    @Test("The parts are text and HTML of the same standing, and the logo belongs to the HTML") func parts() async throws {
        let logo = try InlineImage([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + (0..<1000).map { UInt8($0 % 256) })
        let text = "Grüße = café\n.\n..dot\nFrom me \ttab\t\nspace \n\n\(String(repeating: "long ", count: 100))\nend"
        let html = "<p>\(String(repeating: "字", count: 500))</p>\n<img src=\"cid:\(InlineImage.contentID)\">"

        let plain = try Message.sample(text: text, html: html)
        let branded = try Message.sample(text: text, html: html, logo: logo)
        let read = try await ReadMail.read([plain.bytes, branded.bytes])

        #expect(read[0].structure == ["multipart/alternative", "text/plain", "text/html"])
        #expect(read[1].structure == ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"])
        for mail in read {
            #expect(mail.parts["text/plain"]?.content == text)
            #expect(mail.parts["text/html"]?.content == html)
            #expect(mail.defects.isEmpty && mail.bare == 0 && mail.ascii && mail.longest <= 78, "\(mail.defects)")
        }
        let image = try #require(read[1].parts["image/png"])
        #expect(image.content == Data(logo.bytes).base64EncodedString())
        #expect(image.id == "<\(InlineImage.contentID)>" && image.disposition == "inline" && image.name == "logo.png")
    }

    @Test("Headers say who, when, which mail, that a machine wrote it, and how to unsubscribe with one click") func headers() async throws {
        var message = try Message.sample()
        message.replyTo = try Mailbox("anna@acme.example", name: "Anna Keller")
        message.unsubscribe = try UnsubscribeLink("https://crm.example.com/u/\(String(repeating: "x", count: 200))")

        let mail = try #require(try await ReadMail.read([message.bytes]).first)

        #expect(
            mail.headers.map { $0[0] } == [
                "Date", "From", "To", "Message-ID", "Subject", "Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted",
                "Content-Language", "MIME-Version", "Content-Type",
            ])
        #expect(mail.header("Message-ID") == message.id.description)
        #expect(mail.header("List-Unsubscribe") == "<\(try #require(message.unsubscribe).address)>")
        #expect(mail.header("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click")
        #expect(mail.header("Auto-Submitted") == "auto-generated")
        #expect(mail.header("Date") == "Sat, 28 Nov 2026 15:37:38 +0000" && mail.seconds == 1_795_880_258)
        #expect(mail.from == ["Tenantry", "crm@example.com"] && mail.replyTo == ["Anna Keller", "anna@acme.example"])
    }

    @Test("A line break in a name or subject becomes a space, not a header") func lineBreaks() async throws {
        let message = try Message.sample(name: "Anna\r\nBcc: everyone@example.com", subject: "Hello\nBcc: x@example.com\u{0}\u{2028}!")

        let mail = try #require(try await ReadMail.read([message.bytes]).first)

        #expect(mail.header("Bcc") == nil)
        #expect(mail.to[0] == "Anna Bcc: everyone@example.com" && mail.subject == "Hello Bcc: x@example.com !")
    }

    @Test("What is no address is refused in words") func addresses() throws {
        for text in [
            "", "anna", "@example.com", "anna@", "an na@example.com", "anna@exa mple.com", "anna@example.com\r\nBcc: b@example.com",
            "a\u{0}@b.c",
            "anna@-x.com", "anna@x..com", ".anna@x.com", "anna@x.com>", "<anna@x.com", "a@b@c d", "anna@[127.0.0.1]", "ünna@x.com",
            "a,b@x.com", "=?utf-8?b?DQpCY2M6IHhAeQ==?=@x.com",
            "\(String(repeating: "a", count: 65))@x.com", "anna@\(String(repeating: "a", count: 64)).com", "anna@x\u{301}\r\n.com",
            "anna@b%0d.com",
        ] {
            #expect(throws: MailRefusal.self, "\(text)") { try Mailbox(text) }
        }
        #expect(try Mailbox("O'Brien+tag@Sub.Example.COM").address == "O'Brien+tag@sub.example.com")
        #expect(try Mailbox("anna@Bücher.example").address == "anna@xn--bcher-kva.example")
        #expect(try Mailbox("anna@例え.テスト").address == "anna@xn--r8jz45g.xn--zckzah")
        #expect(try Mailbox(parsing: "\"Keller, Anna\" <anna@example.com>").name == "Keller, Anna")
        #expect(try Mailbox(parsing: " anna@example.com ").name == nil)
    }

    @Test("Message-IDs are new each time, and only such are read back") func messageIDs() throws {
        let first = try MessageID.make(domain: "example.com")

        #expect(first != (try MessageID.make(domain: "example.com")))
        #expect(MessageID(first.description) == first)
        for text in ["", "<>", "<a>", "a@b", "<a@b>\r\n", "<a b@c>", "<a@b@c>", "<a@b\r\nBcc: x@y>"] {
            #expect(MessageID(text) == nil, "\(text)")
        }
    }

    @Test("What is no web address is no way to unsubscribe, and what is no picture no logo") func refusals() {
        for text in [
            "", "mailto:a@b.c", "javascript:alert(1)", "https://", "https://x/ y", "https://x/\r\nBcc: a", "https://x/>,<b", "ftp://x/",
        ] {
            #expect(throws: MailRefusal.self, "\(text)") { try UnsubscribeLink(text) }
        }
        #expect(throws: MailRefusal.self) { try InlineImage(Array("<svg/>".utf8)) }
        #expect(throws: MailRefusal.self) { try InlineImage([0xFF, 0xD8, 0xFF] + [UInt8](repeating: 0, count: 300_000)) }
    }
}
