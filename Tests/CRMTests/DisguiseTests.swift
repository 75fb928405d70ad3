import Records
import Secrets
import Support
import Testing

@testable import CRM

@Suite("The disguise of a masked copy") struct DisguiseTests {
    private static let disguise = Disguise(key: Array("a key for tests".utf8))

    private static func words(_ count: Int, letters: String, length: ClosedRange<Int>, seed: UInt64) -> Set<String> {
        var dice = SplitMix64(seed: seed)
        let letters = Array(letters)
        return Set(
            (0..<count).map { _ in
                String((0..<Int.random(in: length, using: &dice)).map { _ in letters[Int.random(in: 0..<letters.count, using: &dice)] })
            })
    }

    @Test("Letters become letters of their kind, digits digits; everything else stays where it is") func form() {
        for text in [
            "Anna-Lena O'Keefe", "+49 (0)30 123-456", "Ωμέγα Ъёж", "東京都 渋谷区 1-2-3", "한국어 テスト", "שלום עולם", "a", "", "  x  ", "🍺 Prost!",
            "Straße 7a\nHinterhof",
        ] {
            let masked = Self.disguise.text(text)
            #expect(masked.unicodeScalars.count == text.unicodeScalars.count, "\(text): \(masked)")
            for (old, new) in zip(text.unicodeScalars, masked.unicodeScalars) {
                #expect(old.properties.isWhitespace == new.properties.isWhitespace, "\(text): \(masked)")
                #expect(("0"..."9").contains(old) == ("0"..."9").contains(new), "\(text): \(masked)")
                #expect(("a"..."z").contains(old) == ("a"..."z").contains(new) && ("A"..."Z").contains(old) == ("A"..."Z").contains(new))
                if !old.properties.isAlphabetic && !("0"..."9").contains(old) { #expect(old == new, "\(text): \(masked)") }
            }
        }
    }

    @Test(
        "No two texts become one, however short they are",
        arguments: [("0123456789", 1...4), ("ab", 1...12), ("abcdefghijklmnopqrstuvwxyz", 1...3), ("aB1äß-", 1...6)])
    func uniqueness(letters: String, length: ClosedRange<Int>) {
        let words = Self.words(4000, letters: letters, length: length, seed: 11)

        #expect(Set(words.map(Self.disguise.text)).count == words.count)
        #expect(Set(words.map { Self.disguise.email($0.lowercased() + "@example.com") }).count == Set(words.map { $0.lowercased() }).count)
    }

    @Test("The same text is disguised alike with the same key, and otherwise with another; hardly any is itself") func keys() {
        let other = Disguise(key: Array("another key".utf8))
        let words = Self.words(500, letters: "abcdefghijklmnopqrstuvwxyz ", length: 6...90, seed: 3)

        for word in words { #expect(Self.disguise.text(word) == Self.disguise.text(word)) }
        #expect(words.count { Self.disguise.text($0) == other.text($0) } < 3)
        #expect(words.count { Self.disguise.text($0) == $0 } < 3)
        // One letter more or less changes all of it: nothing of a name shines through its likeness to another.
        let (one, two) = (Self.disguise.text("Schneider"), Self.disguise.text("Schneidet"))
        #expect(zip(one, two).count { $0 == $1 } < 6)
    }

    @Test("Addresses keep their form, belong together as before, and reach nobody") func addresses() {
        let (ann, bob) = (Self.disguise.email("Ann@Acme.co.uk"), Self.disguise.email("bob@acme.co.uk"))

        #expect(EmailAddress.isWellFormed(ann) && EmailAddress.isWellFormed(bob) && ann != bob)
        #expect(ann.split(separator: "@")[1] == bob.split(separator: "@")[1])
        #expect(ann.hasSuffix(".example"))
        #expect(String(ann.split(separator: "@")[1]) == Self.disguise.domain("acme.co.uk"))
        #expect(Self.disguise.email("ANN@acme.CO.UK") == ann)
        let site = Self.disguise.website("https://acme.co.uk/ueber-uns?x=1")
        #expect(site.hasPrefix("https://\(Self.disguise.domain("acme.co.uk"))/") && !site.contains("ueber"))
    }

    @Test("Tags of a template stay, its words do not") func templates() {
        let masked = Self.disguise.template("Dear {{recipient.name}}, call Ann about {{{record.title}}} {{open")

        #expect(masked.contains("{{recipient.name}}") && masked.contains("{{{record.title}}}") && masked.hasSuffix("{{open"))
        #expect(!masked.contains("Dear") && !masked.contains("Ann"))
    }

    @Test("Rows of COPY are changed value by value, escapes and nulls included") func rows() throws {
        let rows = CopyRows(
            ["id", "name", "note"], ["name": { value, other in value + "/" + (other("id") ?? "-") }, "note": { _, _ in nil }])

        let changed = try rows.changed(Array("1\tA\\tB\\\\C\\nD\tx\n2\t\\N\t\\N\n3\t\t\n".utf8))

        #expect(String(decoding: changed, as: UTF8.self) == "1\tA\\tB\\\\C\\nD/1\t\\N\n2\t\\N\t\\N\n3\t/3\t\\N\n")
    }
}
