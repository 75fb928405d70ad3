import Foundation
import Recurrence
import Testing

@Suite("Whatever is written as a rule or schedule") struct FuzzTests {
    @Test("A rule, mutated or made up, is understood or refused at a place within it", .timeLimit(.minutes(5))) func rules() throws {
        var dice = Dice("Rules")
        let start = try #require(CivilMoment(minute: "2026-11-30T09:00"))
        var read = 0
        for _ in 0..<15_000 {
            let text = dice.chance(80) ? Self.mutated(RandomSeries(&dice).rule, &dice) : Self.noise(&dice)
            do {
                let rule = try RecurrenceRule(text)
                read += 1
                #expect(try RecurrenceRule(rule.text) == rule, "\(text)")
                let series = Series(start: start, rule: rule, in: .gmt)
                let moments = Array(series.moments().prefix(3))
                #expect(moments == moments.sorted() && Set(moments).count == moments.count, "\(text)")
                if let last = moments.last { #expect(series.moments(from: last).first { _ in true } == last, "\(text)") }
            } catch {
                #expect((0...text.utf8.count).contains(error.position) && !error.message.isEmpty, "\(text): \(error)")
            }
        }
        #expect((1_500...13_500).contains(read), "\(read)")
    }

    @Test("So is a schedule", .timeLimit(.minutes(5))) func schedules() throws {
        var dice = Dice("Schedules")
        let now = Date(timeIntervalSince1970: 1_795_996_800)
        var read = 0
        for _ in 0..<40_000 {
            let text = dice.chance(80) ? Self.mutated(RandomSchedule(&dice).expression, &dice) : Self.noise(&dice)
            do {
                let next = try CronExpression(text).next(after: now, in: .gmt)
                read += 1
                #expect(next.map { $0 > now } ?? true, "\(text)")
            } catch {
                #expect((0...text.utf8.count).contains(error.position) && !error.message.isEmpty, "\(text): \(error)")
            }
        }
        #expect((4_000...36_000).contains(read), "\(read)")
    }

    private static func mutated(_ text: String, _ dice: inout Dice) -> String {
        var bytes = Array(text.utf8)
        for _ in 0..<dice.number(0...3) {
            let place = dice.number(0...bytes.count)
            switch dice.number(0...3) {
            case 0: bytes.insert(dice.pick(alphabet), at: place)
            case 1 where place < bytes.count: bytes.remove(at: place)
            case 2 where place < bytes.count: bytes[place] = dice.pick(alphabet)
            default:
                let end = dice.number(place...bytes.count)
                bytes.insert(contentsOf: bytes[place..<end], at: dice.number(0...bytes.count))
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func noise(_ dice: inout Dice) -> String {
        let bytes = (0..<dice.number(0...60)).map { _ in dice.chance(90) ? dice.pick(alphabet) : UInt8(dice.number(0...255)) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let alphabet = Array("FREQ=DAILYWKMOTHBUN;,+-0123456789 */@sun\u{0}é".utf8)
}
