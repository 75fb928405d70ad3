import Foundation
import Logging
import Synchronization
import Testing

@testable import Tenancy

/// Several processes' limiters over one set of marks, with a clock that the test moves.
@Suite("Rates of many processes") struct RateLimiterTests {
    private static let tenant = UUID()
    private static let key = UUID()

    @Test(
        "Together processes admit what the rate allows, within five per cent, however many they are",
        arguments: [1, 2, 4, 8], [10, 50, 200])
    func together(processes: Int, rate: Int) async {
        let world = World(processes)
        let rates = Rates(["api_burst_per_second": rate])
        var admitted = 0
        let seconds = 10

        for millisecond in 0..<seconds * 1000 {
            world.now(is: Int64(millisecond) * 1_000_000)
            // Far above the limit, unevenly spread.
            for process in 0..<processes where (millisecond + process).isMultiple(of: process + 1) {
                admitted += await world.ask(process, rates)
            }
        }

        let allowed = rate * seconds + rate
        #expect(admitted <= allowed + processes)
        #expect(Double(admitted) >= Double(allowed) * 0.95)
    }

    @Test("Below the rate nobody is refused, and few requests wait for the marks") func below() async {
        let world = World(4)
        let rates = Rates(["api_burst_per_second": 100, "api_per_day": 1_000_000])
        var admitted = 0

        for millisecond in 0..<10_000 where millisecond.isMultiple(of: 20) {
            world.now(is: Int64(millisecond) * 1_000_000)
            admitted += await world.ask(millisecond / 20 % 4, rates)
        }

        #expect(admitted == 500)
    }

    @Test("Someone who calls now and then never waits for the marks") func seldom() async {
        let world = World(2)
        let rates = Rates(["api_burst_per_second": 10, "api_per_day": 5000])

        for second in 0..<50 {
            world.now(is: Int64(second) * 5_000_000_000)
            let before = world.exchanges
            #expect(await world.ask(second % 2, rates) == 1)
            #expect(world.exchanges == before)
            await world.settle()
        }

        // Every request was charged: nothing is held back and nothing forgotten.
        #expect(world.used(Self.tenant) == 50)
    }

    @Test("A day's allowance ends, also over processes, and comes back one by one") func day() async {
        let world = World(3)
        let rates = Rates(["api_burst_per_second": 1000, "api_per_day": 100])
        var admitted = 0

        for millisecond in 0..<2000 {
            world.now(is: Int64(millisecond) * 1_000_000)
            admitted += await world.ask(millisecond % 3, rates)
            await world.settle()
        }
        let decision = await world.decide(0, rates)
        world.now(is: 2000 * 1_000_000_000)
        let later = await world.ask(0, rates)

        #expect((100...102).contains(admitted))
        #expect((decision.wait ?? .zero) > .seconds(800))
        #expect(decision.standings.map(\.name) == ["burst", "day"])
        #expect(decision.standings.last?.remaining == 0)
        #expect(later == 1)
    }

    @Test("A dear call needs more, and one dearer than the whole allowance takes all of it") func costs() async {
        let world = World(1)
        let rates = Rates(["api_burst_per_second": 10])

        #expect(await world.ask(0, rates, cost: 5) == 1)
        #expect(await world.ask(0, rates, cost: 5) == 1)
        #expect(await world.ask(0, rates, cost: 5) == 0)
        world.now(is: 1_000_000_000)
        #expect(await world.ask(0, rates, cost: 50) == 1)
        #expect(await world.ask(0, rates) == 0)
    }

    @Test("A credential with a limit of its own leaves the rest to the others, and takes nothing when the tenant's limit refuses")
    func keys()
        async
    {
        let world = World(1)
        let rates = Rates(["api_burst_per_second": 10, "credential_burst_per_second": 4])
        var admitted = 0
        for _ in 0..<20 { admitted += await world.ask(0, rates) }
        #expect(admitted == 4)

        var others = 0
        for _ in 0..<20 { others += await world.ask(0, rates, credential: UUID()) }
        #expect(others == 6)
        world.now(is: 100_000_000)
        let decision = await world.decide(0, rates)
        #expect(decision.standings.map(\.name) == ["burst", "credential-burst"])
    }

    @Test("Without limits nothing is kept, said or refused") func unlimited() async {
        let world = World(1)

        for _ in 0..<1000 { #expect(await world.ask(0, Rates(["statement_seconds": 3])) == 1) }

        #expect(world.exchanges == 0)
        #expect(await world.decide(0, Rates([:])).standings.isEmpty)
    }

    @Test("While the marks cannot be reached each process admits its rate, and says so to nobody who calls") func cutOff() async {
        let world = World(2)
        let rates = Rates(["api_burst_per_second": 10])
        world.isCutOff(true)
        var admitted = [0, 0]

        for millisecond in 0..<3000 {
            world.now(is: Int64(millisecond) * 1_000_000)
            for process in 0..<2 { admitted[process] += await world.ask(process, rates) }
        }
        #expect(admitted.allSatisfy { (38...41).contains($0) }, "\(admitted)")

        world.isCutOff(false)
        var together = 0
        for millisecond in 10_000..<20_000 {
            world.now(is: Int64(millisecond) * 1_000_000)
            for process in 0..<2 { together += await world.ask(process, rates) }
        }
        #expect((104...113).contains(together), "\(together)")
    }

    @Test("Tokens that nobody used go back within seconds") func giveBack() async {
        let world = World(1)
        let rates = Rates(["api_burst_per_second": 1000, "api_per_day": 100_000])
        for millisecond in 0..<100 {
            world.now(is: Int64(millisecond) * 1_000_000)
            _ = await world.ask(0, rates)
            await world.settle()
        }

        world.now(is: 3_000_000_000)
        await world.settle()

        #expect(world.used(Self.tenant) == 100)
    }

    /// Limiters without a loop of their own: `settle` does what the loop would have done by now.
    private final class World: Sendable {
        private let marks = Mutex(Marks())
        private let limiters: [RateLimiter]

        private struct Marks {
            var now: Int64 = 0
            var isCutOff = false
            var exchanges = 0
            var rows: [UUID: (burst: GCRA?, day: GCRA?)] = [:]
            var used: [UUID: Int64] = [:]
        }

        private struct CutOff: Error {}

        init(_ processes: Int) {
            let box = Box()
            limiters = (0..<processes).map { _ in
                RateLimiter(
                    log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, now: { box.world?.marks.withLock { $0.now } ?? 0 },
                    exchange: { demands in
                        guard let world = box.world else { throw CutOff() }
                        return try world.exchange(demands)
                    })
            }
            box.set(self)
        }

        private final class Box: Sendable {
            private let held = Mutex<World?>(nil)
            var world: World? { held.withLock { $0 } }
            func set(_ world: World) { held.withLock { $0 = world } }
        }

        func now(is moment: Int64) { marks.withLock { $0.now = moment } }
        func isCutOff(_ value: Bool) { marks.withLock { $0.isCutOff = value } }
        var exchanges: Int { marks.withLock { $0.exchanges } }
        func used(_ subject: UUID) -> Int64 { marks.withLock { $0.used[subject] ?? 0 } }

        func decide(_ process: Int, _ rates: Rates, cost: Int = 1, credential: UUID = RateLimiterTests.key) async -> RateDecision {
            await limiters[process].decide(tenant: RateLimiterTests.tenant, credential: credential, rates: rates, cost: cost)
        }

        func ask(_ process: Int, _ rates: Rates, cost: Int = 1, credential: UUID = RateLimiterTests.key) async -> Int {
            await decide(process, rates, cost: cost, credential: credential).wait == nil ? 1 : 0
        }

        func settle() async { for limiter in limiters { await limiter.catchUp() } }

        /// What `take_tokens` does, in Swift.
        private func exchange(_ demands: [RateMarks.Demand]) throws -> [RateMarks.Grant] {
            try marks.withLock { marks in
                marks.exchanges += 1
                if marks.isCutOff { throw CutOff() }
                let now = marks.now
                return demands.map { demand in
                    var row = marks.rows[demand.subject] ?? (demand.burst.map { GCRA($0) }, demand.day.map { GCRA($0) })
                    row.burst?.charge(demand.owed, at: now)
                    row.day?.charge(demand.owed, at: now)
                    let granted = max(
                        0, min(demand.wanted, [row.burst, row.day].compactMap { $0?.available(at: now) }.min() ?? demand.wanted))
                    row.burst?.charge(granted, at: now)
                    row.day?.charge(granted, at: now)
                    marks.rows[demand.subject] = row
                    marks.used[demand.subject, default: 0] += demand.owed + granted
                    return RateMarks.Grant(
                        granted: granted, burstAhead: row.burst?.ahead(at: now) ?? 0, dayAhead: row.day?.ahead(at: now) ?? 0)
                }
            }
        }
    }
}

extension GCRA {
    /// The same allowance, full.
    fileprivate init(_ other: GCRA) {
        self = other
        set(ahead: 0, at: 0)
    }
}
