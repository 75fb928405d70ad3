import Foundation
import Records
import Synchronization
import Testing

@testable import Server

@Suite("What is remembered of credentials") struct PrincipalCacheTests {
    /// A clock that goes when it is told to.
    private final class Hand: Sendable {
        private let time = Mutex(ContinuousClock.now)
        var now: ContinuousClock.Instant { time.withLock { $0 } }
        func move(_ duration: Duration) { time.withLock { $0 += duration } }
    }

    private let hand = Hand()
    private let cache: PrincipalCache
    private let someone = Principal(
        userID: UUID(), keyID: nil, rights: Rights(types: [:]), teamMemberIDs: [], allowedAddresses: [], expires: nil, catalog: Catalog([]))

    init() {
        cache = PrincipalCache(capacity: 10) { [hand] in hand.now }
    }

    private func stamp(_ hash: [UInt8] = [1], _ slug: String = "acme") -> PrincipalCache.Stamp? {
        if case .unknown(let stamp) = cache.answer(hash, of: slug, in: "main") { stamp } else { nil }
    }

    private func keep(_ hash: [UInt8] = [1], _ slug: String = "acme", _ principal: Principal? = nil) throws {
        cache.keep(principal ?? someone, for: hash, of: slug, since: try #require(stamp(hash, slug)))
    }

    private func knows(_ hash: [UInt8] = [1], _ slug: String = "acme") -> Bool {
        if case .known = cache.answer(hash, of: slug, in: "main") { true } else { false }
    }

    @Test("For half a minute while notifications arrive, for a second while they do not") func lifetimes() throws {
        try keep()
        hand.move(.milliseconds(900))
        #expect(knows())
        hand.move(.milliseconds(200))
        #expect(!knows())

        cache.hears("main")
        try keep()
        hand.move(.seconds(29))
        #expect(knows())
        hand.move(.seconds(2))
        #expect(!knows())
    }

    @Test("Losing and regaining the notifications throws everything away") func deafness() throws {
        cache.hears("main")
        try keep()
        cache.isDeaf(to: "main")
        #expect(!knows())
        try keep()
        cache.hears("main")
        #expect(!knows())
    }

    @Test("A change of a tenant's people throws away what is known of this tenant alone") func changes() throws {
        cache.hears("main")
        try keep([1], "acme")
        try keep([2], "bolt")
        cache.forgetAll(of: "acme")
        #expect(!knows([1], "acme"))
        #expect(knows([2], "bolt"))
    }

    @Test("What was found before the change, but comes after it, is not kept") func race() throws {
        cache.hears("main")
        let before = try #require(stamp())
        cache.forgetAll(of: "acme")
        cache.keep(someone, for: [1], of: "acme", since: before)
        #expect(!knows())

        let again = try #require(stamp([2]))
        cache.forget([2])
        cache.keep(someone, for: [2], of: "acme", since: again)
        #expect(!knows([2]))
    }

    @Test("A credential that is none is remembered for a second") func nothing() throws {
        cache.hears("main")
        cache.keep(nil, for: [1], of: "acme", since: try #require(stamp()))
        guard case .knownToBeNothing = cache.answer([1], of: "acme", in: "main") else {
            Issue.record("It is not remembered.")
            return
        }
        hand.move(.seconds(1))
        #expect(stamp() != nil)
    }

    @Test("It never holds many more than its capacity; who comes often stays") func capacity() throws {
        cache.hears("main")
        try keep([0])
        for number in UInt8(1)...100 {
            try keep([number])
            #expect(knows([0]))
        }
        #expect((0...100).count { knows([UInt8($0)]) } <= 10)
    }
}
