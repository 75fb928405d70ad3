import Mail
import Testing

@Suite struct PacingTests {
    private let start = ContinuousClock.now

    @Test("A burst passes at once, then one at each interval, never more") func bucket() throws {
        var bucket = TokenBucket(burst: 3, interval: .seconds(2), now: start)

        #expect((0..<3).allSatisfy { _ in bucket.take(at: start) == nil })
        #expect(bucket.take(at: start) == .seconds(2))
        #expect(bucket.take(at: start + .seconds(1)) == .seconds(1))
        #expect(bucket.take(at: start + .seconds(2)) == nil && bucket.take(at: start + .seconds(2)) == .seconds(2))
        #expect(bucket.left(at: start + .seconds(6)) == 2 && bucket.left(at: start + .seconds(600)) == 3)
    }

    @Test("Over any time no more pass than burst and rate allow, and no fewer for who asks often enough") func rate() {
        var bucket = TokenBucket(burst: 5, interval: .milliseconds(100), now: start)

        let passed = (0..<10_000).count { bucket.take(at: start + .milliseconds($0)) == nil }

        #expect(passed == 5 + 99)
    }

    @Test("Domains do not wait for each other, and quiet ones are forgotten") func domains() {
        var pacing = DomainPacing(burst: 1, interval: .seconds(1))

        #expect(pacing.take("a.example", at: start) == nil && pacing.take("b.example", at: start) == nil)
        #expect(pacing.take("a.example", at: start) == .seconds(1))
        for number in 0..<5000 { #expect(pacing.take("\(number).example", at: start + .seconds(number)) == nil) }
        #expect(pacing.take("4999.example", at: start + .seconds(4999)) != nil)
    }

    @Test("Waits double up to a limit, spread over half of their length") func waits() {
        #expect(RetryClass.patient.wait(afterTries: 1, chance: 1) == .seconds(300))
        #expect(RetryClass.patient.wait(afterTries: 1, chance: 0) == .seconds(150))
        #expect(RetryClass.patient.wait(afterTries: 3, chance: 1) == .seconds(1200))
        for kind in RetryClass.allCases {
            #expect(kind.wait(afterTries: 1000, chance: 1) == kind.longest && kind.wait(afterTries: 0, chance: 1) == kind.first)
        }
    }

    @Test(
        "The class of a setback follows from who said what",
        arguments: [
            (DialogueStage.connection, nil, nil, RetryClass.brief), (.lookup, nil, nil, .misconfigured),
            (.encryption, nil, nil, .misconfigured),
            (.recipient, 450, "4.2.0 Greylisted", .patient), (.handover, 452, "4.2.2 Full", .crowded), (.sender, 421, "4.7.0 Busy", .brief),
            (.signIn, 535, "5.7.8 Wrong password", .misconfigured), (.signIn, 454, "4.7.0 Try later", .patient),
            (.greeting, 554, "No", .misconfigured),
        ] as [(DialogueStage, Int?, String?, RetryClass)])
    func classes(stage: DialogueStage, code: Int?, text: String?, expected: RetryClass) {
        let reply = code.map { SMTPReply(code: $0, text: text ?? "") }

        #expect(RetryClass(.retry(Setback(stage: stage, reply: reply, text: ""))) == expected)
        #expect(RetryClass(.failed(Setback(stage: stage, reply: reply, text: ""))) == nil)
        #expect(RetryClass(.unknown(Setback(stage: stage, reply: reply, text: ""))) == nil)
    }
}
