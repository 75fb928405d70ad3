import CRM
import Foundation
import Records
import Support
import Testing

@Suite("Cards for other programs") struct VCardWritingTests {
    @Test("A card is written as RFC 6350 says") func form() {
        var card = VCard()
        card.uid = "0198c0de-0000-7000-8000-000000000001"
        card.firstName = "Anna"
        card.lastName = "Keller; Dr., h.c."
        card.email = "anna@example.com"
        card.phone = "+49 30 1234"
        card.title = "Head of\nSales"
        card.organisation = "Smith, Jones & Co"
        card.address = .init(street: "Hauptstr. 1", city: "Berlin", postalCode: "10115", country: "DE")
        card.birthday = "1985-04-12"
        card.language = "de"
        card.timeZone = "Europe/Berlin"
        card.categories = ["VIP", "a,b"]

        #expect(
            String(decoding: VCard.bytes(of: [card]), as: UTF8.self)
                == [
                    "BEGIN:VCARD", "VERSION:4.0", "UID:urn:uuid:0198c0de-0000-7000-8000-000000000001", #"FN:Anna Keller\; Dr.\, h.c."#,
                    #"N:Keller\; Dr.\, h.c.;Anna;;;"#, #"ORG:Smith\, Jones & Co"#, #"TITLE:Head of\nSales"#, "EMAIL:anna@example.com",
                    "TEL:+49 30 1234", "ADR:;;Hauptstr. 1;Berlin;;10115;DE", "BDAY:19850412", "LANG:de", "TZ:Europe/Berlin",
                    #"CATEGORIES:VIP,a\,b"#,
                    "END:VCARD", "",
                ].joined(separator: "\r\n"))
    }

    @Test("Every card shows a name, whatever it has") func shownName() {
        func shown(_ change: (inout VCard) -> Void) -> String? {
            var card = VCard()
            change(&card)
            return String(decoding: VCard.bytes(of: [card]), as: UTF8.self).split(separator: "\r\n").first { $0.hasPrefix("FN:") }.map(
                String.init)
        }

        #expect(shown { $0.lastName = "Keller" } == "FN:Keller")
        #expect(shown { ($0.email, $0.organisation) = ("a@example.com", "Acme") } == "FN:Acme")
        #expect(shown { ($0.email, $0.phone) = ("a@example.com", "1") } == "FN:a@example.com")
        #expect(shown { $0.phone = "1" } == "FN:1")
        #expect(shown { _ in } == "FN:")
    }

    @Test("What is written is read again, whatever it is") func roundTrip() throws {
        var random = SystemRandomNumberGenerator()
        let cards = (0..<500).map { _ in Self.card(&random) }

        let reading = try VCard.Reading(VCard.bytes(of: cards))

        #expect(reading.findings == [])
        #expect(reading.entries.count == cards.count)
        for (entry, card) in zip(reading.entries, cards) { #expect(entry.card == card) }
    }

    @Test("Another program reads back every text") func readBack() async throws {
        var random = SystemRandomNumberGenerator()
        let cards = (0..<100).map { _ in Self.card(&random) }
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).vcf")
        try Data(VCard.bytes(of: cards)).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }  // A leftover file harms nobody.

        let (status, output) = try await PythonTool.script(Self.reader, [file.path()])

        try #require(status == 0, "\(output.suffix(2_000))")
        let read = try JSON(parsing: output.trimmingCharacters(in: .whitespacesAndNewlines)).elements ?? []
        #expect(read.count == cards.count)
        for (found, card) in zip(read, cards) {
            for member in Self.expectation(of: card).members ?? [] { #expect(found[member.name] == member.value, "\(member.name)") }
        }
    }

    /// A card whose texts are as the reader leaves them: no white space at the ends, line ends as `\n`.
    private static func card(_ random: inout SystemRandomNumberGenerator) -> VCard {
        func maybe(_ value: String) -> String? { Bool.random(using: &random) ? value : nil }
        var card = VCard()
        card.uid = maybe(Bool.random(using: &random) ? UUID().uuidString.lowercased() : text(&random))
        card.firstName = maybe(text(&random))
        card.lastName = text(&random)
        card.email = maybe("ann.\(Int.random(in: 0...9, using: &random))@example.com")
        card.phone = maybe("+49 \(Int.random(in: 0...99_999, using: &random)) (x,1;2)")
        card.title = maybe(text(&random))
        card.organisation = maybe(text(&random))
        if Bool.random(using: &random) {
            card.address = .init(
                street: text(&random), city: maybe(text(&random)), region: maybe(text(&random)), postalCode: maybe("10115"),
                country: maybe("DE"))
        }
        card.birthday = maybe("1985-04-12")
        card.language = maybe("pt-BR")
        card.timeZone = maybe("America/Sao_Paulo")
        card.categories = (0..<Int.random(in: 0...3, using: &random)).map { "\($0)\(text(&random))" }
        return card
    }

    private static func text(_ random: inout SystemRandomNumberGenerator) -> String {
        let nasty = [
            ";", ",", "\\", "\n", ":", "\"", "\\n", "=", "=0A", " ", "\t", "'", "^n", "ü", "漢", "😀", "e\u{301}", "\u{200B}",
            "BEGIN:VCARD\n",
        ]
        let middle = (0..<Int.random(in: 0...60, using: &random)).map { _ in nasty.randomElement(using: &random) ?? "" }.joined()
        return "a\(middle)z"
    }

    private static func expectation(of card: VCard) -> JSON {
        func part(_ text: String?) -> JSON { .string(text ?? "") }
        let address: JSON =
            card.address.map { [part($0.street), part($0.city), part($0.region), part($0.postalCode), part($0.country)] } ?? .null
        return [
            "fn": .string([card.firstName, card.lastName].compactMap(\.self).joined(separator: " ")), "given": part(card.firstName),
            "family": part(card.lastName), "email": JSON(card.email), "tel": JSON(card.phone), "title": JSON(card.title),
            "org": JSON(card.organisation), "adr": address, "categories": JSON(card.categories),
        ]
    }

    private static let reader = """
        import json, sys, vobject

        def value(card, name):
            return getattr(card, name).value if hasattr(card, name) else None

        def read(card):
            adr = value(card, "adr")
            org = value(card, "org")
            return {
                "fn": value(card, "fn"), "given": card.n.value.given, "family": card.n.value.family,
                "email": value(card, "email"), "tel": value(card, "tel"), "title": value(card, "title"),
                "org": org[0] if org else None,
                "adr": adr and [adr.street, adr.city, adr.region, adr.code, adr.country],
                "categories": value(card, "categories") or [],
            }

        text = open(sys.argv[1], encoding="utf-8", newline="").read()
        print(json.dumps([read(card) for card in vobject.readComponents(text)], ensure_ascii=False))
        """
}
