import Support
import Testing

@testable import Tenancy

@Suite("An allowance") struct GCRATests {
    /// The same promise, written so that nobody can doubt it: from any earlier moment on no more is used than the bucket holds and what has
    /// come back since.
    private struct Diary {
        let size: Int64
        let period: Int64
        private(set) var entries: [(at: Int64, tokens: Int64)] = []

        init(_ gcra: GCRA) { (size, period) = (gcra.size, gcra.period) }

        func allows(_ tokens: Int64, at now: Int64) -> Bool {
            var used = tokens
            guard used <= size else { return false }
            for entry in entries.reversed() {
                used += entry.tokens
                if used * period > size * period + (now - entry.at) { return false }
            }
            return true
        }

        mutating func note(_ tokens: Int64, at now: Int64) { entries.append((now, tokens)) }
    }

    @Test("It admits what the diary of all that was admitted allows, no more and no less", arguments: 0..<40)
    func model(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        let sizes = [1, 2, 3, 7, 10, 50, 1000]
        var gcra = GCRA(sizes[seed % sizes.count], per: seed.isMultiple(of: 3) ? .seconds(86_400) : .seconds(1))
        var diary = Diary(gcra)
        var now = Int64.random(in: 0...1_000_000_000, using: &random)

        for _ in 0..<400 {
            // Mostly close together, sometimes on the very nanosecond on which a token comes back.
            let pauses = [0, 1, gcra.period - 1, gcra.period, gcra.period / 3, gcra.period * 5 / 2, gcra.period * gcra.size]
            now += pauses.randomElement(using: &random) ?? 0
            let tokens = Int64.random(in: 1...min(gcra.size + 1, 6), using: &random)
            let expected = diary.allows(tokens, at: now)
            let wait = gcra.wait(for: tokens, at: now)

            #expect((gcra.available(at: now) >= tokens) == expected)
            if tokens <= gcra.size {
                #expect((wait == 0) == expected)
                if !expected {
                    #expect(diary.allows(tokens, at: now + wait))
                    #expect(!diary.allows(tokens, at: now + wait - 1))
                }
            }
            let isTaken = gcra.take(tokens, at: now)
            #expect(isTaken == expected)
            if expected { diary.note(tokens, at: now) }
        }
    }

    @Test("A second, or a day, fills it, whatever its size") func window() {
        for size in [1, 3, 10, 999] {
            for window in [Duration.seconds(1), .seconds(86_400)] {
                var gcra = GCRA(size, per: window)
                #expect(gcra.available(at: 5) == size)
                let isTaken = gcra.take(Int64(size), at: 5)
                #expect(isTaken)
                #expect(gcra.available(at: 5) == 0)
                #expect(gcra.ahead(at: 5) <= window.nanoseconds)
                #expect(gcra.available(at: 5 + window.nanoseconds) == size)
            }
        }
    }

    @Test("What was charged beyond it makes the next wait the longer") func debt() {
        var gcra = GCRA(10, per: .seconds(1))

        gcra.charge(25, at: 0)

        #expect(gcra.available(at: 0) == 0)
        #expect(gcra.wait(for: 1, at: 0) == 1_600_000_000)
        #expect(gcra.available(at: 1_600_000_000) == 1)
    }

    @Test("One larger than its window has nanoseconds is as large as that") func huge() {
        var gcra = GCRA(1_000_000_000_000_000, per: .seconds(1))

        #expect(gcra.available(at: 0) == 1_000_000_000)
        let isTaken = gcra.take(1_000_000_000, at: 0)
        #expect(isTaken && gcra.wait(for: 1, at: 0) == 1)
    }

    @Test("An allowance of nothing grants nothing") func nothing() {
        var gcra = GCRA(0, per: .seconds(1))

        #expect(gcra.available(at: 0) == 0)
        let isTaken = gcra.take(1, at: 0)
        #expect(!isTaken)
        #expect(gcra.wait(for: 1, at: 0) > 0)
        #expect(GCRA(-5, per: .seconds(1)).size == 0)
    }
}
