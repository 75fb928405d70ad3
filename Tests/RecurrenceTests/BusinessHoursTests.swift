import Foundation
import Recurrence
import Testing

@Suite("Business hours and days") struct BusinessHoursTests {
    private static func range(_ from: String, _ to: String) -> Range<TimeOfDay>? {
        guard let from = TimeOfDay(from), let to = TimeOfDay(to) else { return nil }
        return from..<to
    }

    /// Nine to twelve and one to five, Monday to Friday, closed over Christmas.
    private static let office = BusinessHours(
        Dictionary(
            uniqueKeysWithValues: Weekday.allCases.prefix(5).map {
                ($0, [range("09:00", "12:00"), range("13:00", "17:00")].compactMap(\.self))
            }),
        holidays: Set(["2026-12-24", "2026-12-25"].compactMap { CivilDate($0) }))

    private func utc(_ text: String) throws -> Date { Date(timeIntervalSince1970: Double(try #require(CivilMoment(minute: text)).seconds)) }
    private func date(_ text: String) throws -> CivilDate { try #require(CivilDate(text)) }

    @Test(
        "Days without work do not count",
        arguments: [
            ("2026-11-30", 1, "2026-12-01"), ("2026-11-27", 1, "2026-11-30"), ("2026-11-28", 1, "2026-11-30"),
            ("2026-11-28", 0, "2026-11-30"),
            ("2026-11-30", 0, "2026-11-30"), ("2026-11-30", -1, "2026-11-27"), ("2026-11-29", -1, "2026-11-27"),
            ("2026-12-23", 1, "2026-12-28"),
            ("2026-12-21", 5, "2026-12-30"), ("2026-12-28", -2, "2026-12-22"),
        ])
    func days(from: String, days: Int, expected: String) throws {
        #expect(Self.office.date(days, businessDaysAfter: try date(from))?.text == expected)
    }

    @Test("Work begins when it next begins, or has begun") func opening() throws {
        let zone = try #require(TimeZoneName.zone("Europe/Berlin"))
        func opening(_ text: String) throws -> String {
            try CivilMoment(utc: #require(Self.office.opening(from: try utc(text), in: zone))).minuteText
        }

        #expect(try opening("2026-11-30T09:15") == "2026-11-30T09:15")
        #expect(try opening("2026-11-30T11:15") == "2026-11-30T12:00")
        #expect(try opening("2026-11-30T16:00") == "2026-12-01T08:00")
        #expect(try opening("2026-12-23T16:00") == "2026-12-28T08:00")
        #expect(try opening("2026-10-23T15:00") == "2026-10-26T08:00")
    }

    @Test("A firm that never works has no business day, and never opens") func closed() throws {
        let today = try date("2026-11-30")
        let closed = BusinessHours([.monday: []], holidays: [today])
        let now = try utc("2026-11-30T12:00")

        #expect(closed.businessDay(onOrAfter: today) == nil && closed.date(3, businessDaysAfter: today) == nil)
        #expect(closed.opening(from: now, in: .gmt) == nil)
        #expect(!closed.isOpen(at: now, in: .gmt))
    }

    @Test("A thousand holidays in a row come to an end", .timeLimit(.minutes(1))) func holidays() throws {
        let monday = try date("2026-11-30")
        let hours = BusinessHours(
            [.monday: [Self.range("09:00", "10:00")].compactMap(\.self)], holidays: Set((0..<1_000).map { monday.adding(days: $0 * 7) }))

        #expect(hours.businessDay(onOrAfter: monday) == monday.adding(days: 7_000))
        #expect(
            hours.opening(from: try utc("2026-11-30T00:00"), in: .gmt)
                == Date(timeIntervalSince1970: Double(monday.number + 7_000) * 86_400 + 9 * 3600))
        #expect(hours.date(1, businessDaysAfter: CivilDate.last) == nil)
    }

    @Test("Minute by minute, a clock on the wall says the same", .timeLimit(.minutes(3))) func model() throws {
        var dice = Dice("Business hours")
        for _ in 0..<300 {
            let zone = try #require(TimeZoneName.zone(dice.pick(zones)))
            let instant = WallClock.instant(&dice, in: zone)
            let today = WallClock.minute(at: instant, in: zone).day
            var weekly: [Weekday: [Range<TimeOfDay>]] = [:]
            for weekday in Weekday.allCases where dice.chance(60) {
                weekly[weekday] = dice.some(3) { dice in
                    let times = [0, 1].compactMap { _ in TimeOfDay(hour: dice.number(0...23), minute: dice.number(0...59)) }.sorted()
                    return times[0]..<times[1]
                }
            }
            let holidays = Set((0..<dice.number(0...6)).map { _ in CivilDate(number: today + dice.number(-2...10)) })
            let hours = BusinessHours(weekly, holidays: holidays)
            func isOpen(_ instant: Date) -> Bool {
                let (day, minute) = WallClock.minute(at: instant, in: zone)
                // 1970-01-01 was a Thursday.
                let weekday = Weekday.allCases[(day + 3) % 7]
                guard !holidays.contains(CivilDate(number: day)) else { return false }
                return (weekly[weekday] ?? []).contains { $0.lowerBound.minutes <= minute && minute < $0.upperBound.minutes }
            }
            let isPossible = weekly.values.contains { $0.contains { !$0.isEmpty } }
            var expected = instant
            while isPossible, !isOpen(expected), expected < instant + 86_400 * 120 { expected += 60 }

            let place = Comment(rawValue: "\(weekly) \(holidays.map(\.text)) \(zone.identifier) \(instant)")
            #expect(hours.isOpen(at: instant, in: zone) == isOpen(instant), place)
            if !isPossible || isOpen(expected) {
                #expect(hours.opening(from: instant, in: zone) == (isPossible ? expected : nil), place)
            }
        }
    }
}
