import Foundation
import Testing

@testable import Mail

@Suite struct TokenTests {
    private let key = Array("a key of at least thirty-two bytes".utf8)

    @Test("What we signed opens, and nothing else") func links() throws {
        let token = SignedToken(purpose: "unsubscribe", key: key)
        let text = token.seal([1, 2, 3])

        #expect(token.open(text) == [1, 2, 3])
        #expect(SignedToken(purpose: "confirm", key: key).open(text) == nil)
        #expect(SignedToken(purpose: "unsubscribe", key: key.reversed()).open(text) == nil)
        for place in text.indices {
            var changed = text
            changed.replaceSubrange(place...place, with: text[place] == "A" ? "B" : "A")
            #expect(token.open(changed) == nil)
        }
        #expect(token.open("") == nil && token.open("AAAA") == nil && token.open(text + "A") == nil && token.open(text.dropLast()) == nil)
    }

    @Test("A return address says whose mail it was, whatever servers do to its case, and cannot be made up") func returnAddress() throws {
        let addresses = try ReturnAddress(domain: "bounces.example.com", key: key)
        let (owner, mail) = (UUID(), UUID())

        let mailbox = try addresses.address(owner: owner, mail: mail)

        #expect(mailbox.address.prefix { $0 != "@" }.utf8.count == 64)
        let read = try #require(addresses.parse(mailbox.address.uppercased()))
        #expect(read == (owner, mail))
        for place in mailbox.address.indices.prefix(64) {
            var forged = mailbox.address
            forged.replaceSubrange(place...place, with: forged[place] == "a" ? "c" : "a")
            #expect(addresses.parse(forged) == nil)
        }
        #expect(addresses.parse("") == nil && addresses.parse("b@x") == nil && addresses.parse("someone@bounces.example.com") == nil)
        #expect(try ReturnAddress(domain: "bounces.example.com", key: key.reversed()).parse(mailbox.address) == nil)
    }
}
