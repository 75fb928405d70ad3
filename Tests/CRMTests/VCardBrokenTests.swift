import CRM
import Foundation
import Records
import Testing

@Suite("Broken cards") struct VCardBrokenTests {
    private func read(_ text: String) throws -> VCard.Reading { try VCard.Reading(Array(text.utf8)) }

    @Test("A broken card is said with its place, and its neighbours are read") func neighbours() throws {
        let text = """
            something before
            BEGIN:VCARD
            VERSION:3.0
            FN:First One
            END:VCARD
            BEGIN:VCARD
            VERSION:3.0
            FN:Never Ends
            BEGIN:VCARD
            VERSION:5.0
            FN:From Tomorrow
            END:VCARD
            BEGIN:VCARD
            VERSION:4.0
            NOTE:nobody
            END:VCARD
            BEGIN:VCARD
            FN:Last One
            a line that is no property
            ;:
            =
            END:VCARD
            END:VCARD
            BEGIN:VCARD
            FN:Cut O
            """
        let reading = try read(text)

        #expect(reading.entries.map(\.index) == [0, 4])
        #expect(reading.entries.map(\.card.firstName) == ["First", "Last"])
        #expect(reading.findings.map(\.index) == [1, 2, 3, 5])
        #expect(reading.findings.map(\.line) == [6, 9, 13, 24])
        #expect(reading.findings.allSatisfy { $0.weight == .refused })
    }

    @Test(
        "A text without a card is refused",
        arguments: ["", "\n\n", "name,email\nAnn,a@example.com", "BEGIN:VCALENDAR\nEND:VCALENDAR", "END:VCARD"])
    func noCard(text: String) {
        #expect { try read(text) } throws: { ($0 as? Problem)?.code == .malformed }
    }

    @Test("Five thousand cards are the limit") func limit() throws {
        let card = "BEGIN:VCARD\nVERSION:3.0\nFN:A B\nEND:VCARD\n"

        #expect(try read(String(repeating: card, count: 5_000)).entries.count == 5_000)
        #expect { try read(String(repeating: card, count: 5_001)) } throws: { ($0 as? Problem)?.code == .tooLarge }
    }

    @Test("A picture of a megabyte is passed over; a name of that size is left out and said") func long() throws {
        let picture = String(repeating: " \(String(repeating: "A", count: 74))\r\n", count: 14_000)
        let reading = try read(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nPHOTO;ENCODING=b:\r\n\(picture)FN:A B\r\nTITLE:\(String(repeating: "x", count: 20_000))\r\nEND:VCARD"
        )

        #expect(reading.entries.first?.card.lastName == "B")
        #expect(reading.entries.first?.card.title == nil)
        #expect(reading.findings.map(\.weight) == [.warning])
        #expect(reading.findings.map(\.line) == [14_005])
    }

    @Test("A long card takes as long as it is, not its square", .timeLimit(.minutes(2))) func hostile() throws {
        let softBreaks =
            "TITLE;ENCODING=QUOTED-PRINTABLE;\(String(repeating: "x", count: 15_000))\(String(repeating: "=\n", count: 100_000))\n"
        let categories = "CATEGORIES:\((0..<2_000).map(String.init).joined(separator: ","))\n"
        let manyCategories = (0..<20).map { categories.replacing(",", with: ",\($0)x") }.joined()
        let parts = "ADR\(String(repeating: ";T", count: 4_000)):\(String(repeating: ";", count: 8_000))\n"

        let reading = try read("BEGIN:VCARD\nFN:A B\n\(softBreaks)\(manyCategories)\(String(repeating: parts, count: 5))END:VCARD")

        #expect(reading.entries.first?.card.categories.count ?? 0 > 10_000)
    }

    @Test("Whatever the bytes are, reading ends, and what it gives a record can hold") func noise() throws {
        var random = SystemRandomNumberGenerator()
        let pieces = [
            "BEGIN:VCARD\n", "END:VCARD\n", "VERSION:3.0\n", "FN:", "N:", "EMAIL;", "TEL;TYPE=\"", "ADR:", "BDAY:", ";", ",", ":", "\\",
            "\\n", "=", "=0A",
            "=\n", "\r\n", "\n ", "\n\t", "\u{0}", "\u{85}", "a", "ü", "ENCODING=QUOTED-PRINTABLE:", "\"", ".", "item1.", "PREF=1:",
            "CATEGORIES:a,",
        ]
        for _ in 0..<2_000 {
            var bytes = Array("BEGIN:VCARD\n".utf8)
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                bytes += Array((pieces.randomElement(using: &random) ?? "").utf8)
                if Int.random(in: 0..<20, using: &random) == 0 { bytes.append(UInt8.random(in: 0...255, using: &random)) }
            }
            let reading = try VCard.Reading(bytes + Array("\nEND:VCARD".utf8))

            for card in reading.entries.map(\.card) {
                let texts = [card.firstName, card.lastName, card.email, card.phone, card.organisation, card.address?.street].compactMap(
                    \.self)
                #expect((texts + card.categories).allSatisfy { !$0.isEmpty && !$0.unicodeScalars.contains("\0") })
            }
        }
    }
}
