import CRM
import Foundation
import Records
import Testing

@Suite("Cards of other programs") struct VCardReadingTests {
    private func read(_ text: String) throws -> VCard.Reading { try VCard.Reading(Array(text.utf8)) }

    /// The only card of a text, with these lines between its first and its last.
    private func card(_ lines: String..., version: String = "3.0") throws -> VCard {
        let text = (["BEGIN:VCARD", "VERSION:\(version)"] + lines + ["END:VCARD", ""]).joined(separator: "\r\n")
        return try #require(try read(text).entries.first?.card)
    }

    @Test("As Apple writes them: groups, several values, a birthday without a year") func apple() throws {
        let card = try card(
            "PRODID:-//Apple Inc.//macOS 14.5//EN", "N:Keller;Anna;Maria;Dr.;", "FN:Dr. Anna Maria Keller", "ORG:Example GmbH;Vertrieb",
            "TITLE:Leiterin", "EMAIL;type=INTERNET;type=HOME:anna@home.example", "item1.EMAIL;type=INTERNET;type=pref:anna@example.com",
            #"item1.X-ABLabel:_$!<Work>!$_"#, "TEL;type=CELL;type=VOICE:+49 170 1234567", "TEL;type=WORK;type=FAX;type=pref:+49 30 99",
            "item2.ADR;type=WORK;type=pref:;;Hauptstr. 1\\nHinterhaus;Berlin;;10115;Deutschland", "item2.X-ABADR:de",
            "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-12", "NOTE:a\\nb", "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQAASABIAAD", " AAAB==",
            "CATEGORIES:Kunden,VIP", "UID:2A2D9C40-0B9E-4C1D-8F4E-2F6F8B4B9A11")

        #expect(card.firstName == "Anna Maria" && card.lastName == "Keller")
        #expect(card.email == "anna@example.com")
        #expect(card.phone == "+49 170 1234567")
        #expect(card.organisation == "Example GmbH" && card.title == "Leiterin")
        #expect(
            card.address == .init(street: "Hauptstr. 1\nHinterhaus", city: "Berlin", postalCode: "10115", country: "DE"))
        #expect(card.birthday == nil)
        #expect(card.categories == ["Kunden", "VIP"])
        #expect(card.uid == "2A2D9C40-0B9E-4C1D-8F4E-2F6F8B4B9A11")
    }

    @Test("As Google writes them: empty parts, forgotten escapes") func google() throws {
        let card = try card(
            "FN:Bo Chen", "N:Chen;Bo;;;", "EMAIL;TYPE=INTERNET;TYPE=WORK:bo.chen@example.com", "TEL;TYPE=CELL:(555) 010-0100",
            "ADR;TYPE=HOME:;;1 Main St, Apt 4;Springfield;IL;62701;United States", "item1.ORG:Smith, Jones & Co", "BDAY:1985-04-12",
            "item2.URL:http\\://www.google.com/profiles/1", "CATEGORIES:myContacts")

        #expect(card.address == .init(street: "1 Main St, Apt 4", city: "Springfield", region: "IL", postalCode: "62701", country: "US"))
        #expect(card.organisation == "Smith, Jones & Co")
        #expect(card.birthday == "1985-04-12")
        #expect(card.phone == "(555) 010-0100")
    }

    @Test("As Outlook writes them: version 2.1, quoted-printable over several lines, Latin-1") func outlook() throws {
        let card = try card(
            "N;LANGUAGE=de;CHARSET=Windows-1252:Müller;Jörg", "FN;CHARSET=Windows-1252:Jörg Müller", "ORG:Beispiel AG;Einkauf",
            "TITLE;ENCODING=QUOTED-PRINTABLE:Gesch=C3=A4ftsf=C3=BChrer =", "und Gr=C3=BCnder", "TEL;WORK;VOICE:+49 (30) 123-0",
            "TEL;WORK;FAX:+49 (30) 123-9", "ADR;WORK;PREF;ENCODING=QUOTED-PRINTABLE:;;Allee 1=0D=0AEtage 2;M=C3=BCnchen;;80331;Germany",
            "EMAIL;PREF;INTERNET:joerg@beispiel.example", "X-MS-CARDPICTURE;TYPE=JPEG;ENCODING=BASE64:", " /9j/4AAQSkZJRgABAQEAYABgAAD=",
            "",
            "REV:20260102T030405Z", version: "2.1")

        #expect(card.firstName == "Jörg" && card.lastName == "Müller")
        #expect(card.title == "Geschäftsführer und Gründer")
        #expect(card.phone == "+49 (30) 123-0")
        #expect(card.email == "joerg@beispiel.example")
        #expect(card.address == .init(street: "Allee 1\nEtage 2", city: "München", postalCode: "80331", country: "DE"))

        let latin: [UInt8] = Array("BEGIN:VCARD\nVERSION:2.1\nN:M".utf8) + [0xFC] + Array("ller;J\nEND:VCARD".utf8)
        #expect(try VCard.Reading(latin).entries.first?.card.lastName == "Müller")
    }

    @Test("As Nextcloud writes them: version 4.0, PREF, addresses as URIs, quoted parameters") func nextcloud() throws {
        let card = try card(
            "PRODID:-//Nextcloud Contacts v5.5.3", "UID:urn:uuid:5b1f6d8e-9c3a-4a52-8f0e-1d2c3b4a5f60", "FN:Chloé Dubois",
            "N:Dubois;Chloé;;;",
            #"EMAIL;TYPE="home,work";PREF=2:mailto:chloe@home.example"#, "EMAIL;PREF=1:chloe@example.fr",
            #"TEL;VALUE=uri;TYPE="voice,work":tel:+33-1-23-45;ext=5"#,
            #"ADR;LABEL="1; rue: de la Paix";TYPE=work:;;1 rue de la Paix;Paris;;75002;FRANCE"#, "BDAY;VALUE=DATE:19850412",
            "LANG;PREF=2:en", "LANG;PREF=1:fr", "TZ:Europe/Paris", "CATEGORIES:a\\,b,c", "CATEGORIES:c,d", version: "4.0")

        #expect(card.uid == "5b1f6d8e-9c3a-4a52-8f0e-1d2c3b4a5f60")
        #expect(card.email == "chloe@example.fr")
        #expect(card.phone == "+33-1-23-45 ext. 5")
        #expect(card.address == .init(street: "1 rue de la Paix", city: "Paris", postalCode: "75002", country: "FR"))
        #expect(card.birthday == "1985-04-12" && card.language == "fr" && card.timeZone == "Europe/Paris")
        #expect(card.categories == ["a,b", "c", "d"])
    }

    @Test("Lines are unfolded by bytes, with LF or CRLF, after a space or a tab") func unfolding() throws {
        let name = Array("Müller".utf8)
        let text =
            Array("\u{FEFF}begin:vcard\nversion:3.0\r\nfn:An\r\n na\r\n\t  M".utf8.dropLast()) + name.prefix(2) + Array("\n ".utf8)
            + name.dropFirst(2)
        let reading = try VCard.Reading(text + Array("\nend:vcard".utf8))

        #expect(reading.entries.first?.card.firstName == "Anna")
        #expect(reading.entries.first?.card.lastName == "Müller")
    }

    @Test("Escapes come undone once, and unknown ones stay") func escapes() throws {
        let card = try card(#"N:a\;b\,c;d\\ne"#, #"TITLE:x\ny\Nz\:\q\"#, #"ORG:A\;B;C"#)

        #expect(card.lastName == "a;b,c" && card.firstName == #"d\ne"#)
        #expect(card.title == "x\ny\nz:\\q\\")
        #expect(card.organisation == "A;B")
    }

    @Test("The name shown counts only where the parts are missing and it says more than the rest") func shownName() throws {
        let both = try card("FN:Mary Ann  Smith", "ORG:Acme")
        let one = try card("FN:Prince", "N:;;;;")
        let firm = try card("FN:Acme Inc.", "N:;;;;", "ORG:Acme Inc.", "X-ABShowAs:COMPANY")

        #expect(both.firstName == "Mary Ann" && both.lastName == "Smith")
        #expect(one.firstName == nil && one.lastName == "Prince")
        #expect(firm.firstName == nil && firm.lastName == nil && firm.organisation == "Acme Inc.")
    }

    @Test(
        "A birthday needs a year and must exist",
        arguments: [
            ("19850412", "1985-04-12", false), ("1985-04-12", "1985-04-12", false), ("1985-04-12T00:00:00Z", "1985-04-12", false),
            ("19850412T000000", "1985-04-12", false), ("--0412", nil, false), ("--04-12", nil, false), ("19850229", nil, true),
            ("1985-04", nil, true), ("circa 1800", nil, true), ("", nil, false),
        ])
    func birthday(text: String, expected: String?, isFound: Bool) throws {
        let reading = try read("BEGIN:VCARD\nVERSION:4.0\nFN:A B\nBDAY:\(text)\nEND:VCARD")

        #expect(reading.entries.first?.card.birthday == expected)
        #expect(reading.findings.map(\.weight) == (isFound ? [.warning] : []))
        #expect(reading.findings.allSatisfy { $0.line == 4 && $0.index == 0 })
    }

    @Test(
        "A country is a code or a name that only one has",
        arguments: [
            ("de", "DE"), ("Germany", "DE"), ("DEUTSCHLAND", "DE"), ("Türkiye", "TR"), ("turkey", "TR"), ("Cote d'Ivoire", "CI"),
            ("United States", "US"), ("USA", "US"), ("UK", "GB"), ("United Kingdom", "GB"), ("Schweiz", "CH"), ("China", "CN"),
            ("South Korea", "KR"), ("Hong Kong", "HK"), ("XX", nil), ("Atlantis", nil), ("Congo", nil),
        ])
    func country(text: String, expected: String?) throws {
        let reading = try read("BEGIN:VCARD\nVERSION:3.0\nFN:A B\nADR:;;Street 1;City;;;\(text)\nEND:VCARD")

        #expect(reading.entries.first?.card.address == .init(street: "Street 1", city: "City", country: expected))
        #expect(reading.findings.map(\.weight) == (expected == nil ? [.warning] : []))
    }

    @Test("What is no address, zone or language is left out and said") func leftOut() throws {
        let text = """
            BEGIN:VCARD
            VERSION:3.0
            FN:A B
            EMAIL;TYPE=pref:/o=EXCHANGE/cn=ann
            TEL:none
            TZ:-05:00; EST
            LANG:german language
            X-UNKNOWN:whatever
            END:VCARD
            """
        let reading = try read(text)
        let second = try card("FN:A B", "EMAIL;TYPE=pref:nobody", "EMAIL:ann@example.com")

        #expect(reading.entries.first?.card.email == nil && reading.entries.first?.card.phone == nil)
        #expect(reading.findings.map(\.line) == [4, 7, 6])
        #expect(second.email == "ann@example.com")
    }
}
