import Foundation
import Recurrence
import Testing

@Suite("Quiet hours") struct QuietHoursTests {
    private func quiet(_ from: String, _ to: String) throws -> QuietHours {
        let (from, to) = (try #require(TimeOfDay(from)), try #require(TimeOfDay(to)))
        return try #require(QuietHours(from: from, to: to))
    }

    private func utc(_ text: String) throws -> Date { Date(timeIntervalSince1970: Double(try #require(CivilMoment(minute: text)).seconds)) }

    @Test(
        "What would come within them comes at their end",
        arguments: [
            ("22:00", "07:00", "2026-11-30T20:59", "2026-11-30T20:59"), ("22:00", "07:00", "2026-11-30T21:00", "2026-12-01T06:00"),
            ("22:00", "07:00", "2026-11-30T05:00", "2026-11-30T06:00"), ("22:00", "07:00", "2026-11-30T06:00", "2026-11-30T06:00"),
            ("12:00", "13:30", "2026-11-30T11:30", "2026-11-30T12:30"), ("12:00", "13:30", "2026-11-30T12:30", "2026-11-30T12:30"),
            ("00:00", "23:59", "2026-11-30T12:00", "2026-11-30T22:59"), ("08:00", "00:00", "2026-11-30T12:00", "2026-11-30T23:00"),
            // Seven o'clock comes an hour earlier or later when clocks are set in the night.
            ("22:00", "07:00", "2026-03-28T22:00", "2026-03-29T05:00"), ("22:00", "07:00", "2026-10-24T22:00", "2026-10-25T06:00"),
            // Their end is skipped: they end when clocks show three. It comes twice: then once more.
            ("22:00", "02:30", "2026-03-28T22:00", "2026-03-29T01:00"), ("22:00", "02:30", "2026-10-25T00:10", "2026-10-25T00:30"),
            ("22:00", "02:30", "2026-10-25T01:10", "2026-10-25T01:30"), ("22:00", "02:30", "2026-10-25T00:45", "2026-10-25T00:45"),
        ])
    func end(from: String, to: String, at: String, expected: String) throws {
        let zone = try #require(TimeZoneName.zone("Europe/Berlin"))
        let hours = try quiet(from, to)

        #expect(hours.end(from: try utc(at), in: zone) == (try utc(expected)))
        #expect(hours.isQuiet(at: try utc(at), in: zone) == (at != expected))
    }

    @Test("Hours from a time to the same are none") func none() throws {
        let seven = try #require(TimeOfDay("07:00"))

        #expect(QuietHours(from: seven, to: seven) == nil)
    }

    @Test("Minute by minute, a clock on the wall says the same", .timeLimit(.minutes(2))) func model() throws {
        var dice = Dice("Quiet hours")
        for _ in 0..<800 {
            let zone = try #require(TimeZoneName.zone(dice.pick(zones)))
            let times = (0..<2).compactMap { _ in TimeOfDay(hour: dice.number(0...23), minute: dice.number(0...59)) }
            guard let hours = QuietHours(from: times[0], to: times[1]) else { continue }
            let instant = WallClock.instant(&dice, in: zone)
            func isQuiet(_ instant: Date) -> Bool {
                let minute = WallClock.minute(at: instant, in: zone).ofDay
                return times[0] < times[1]
                    ? times[0].minutes <= minute && minute < times[1].minutes : times[0].minutes <= minute || minute < times[1].minutes
            }

            var expected = instant
            while isQuiet(expected) { expected += 60 }

            #expect(hours.end(from: instant, in: zone) == expected, "\(times.map(\.text)) \(zone.identifier) \(instant)")
            #expect(hours.isQuiet(at: instant, in: zone) == (expected > instant))
        }
    }
}

/// A clock that is looked at once a minute.
enum WallClock {
    /// A full minute, half of the time within two days of a change of clocks.
    static func instant(_ dice: inout Dice, in zone: TimeZone) -> Date {
        let any = Date(timeIntervalSince1970: Double(dice.number(946_684_800 / 60...2_208_988_799 / 60) * 60))
        guard dice.chance(50), let change = zone.nextDaylightSavingTimeTransition(after: any) else { return any }
        return change + Double(dice.number(-2_880...1_440) * 60)
    }

    static func minute(at instant: Date, in zone: TimeZone) -> (day: Int, ofDay: Int) {
        let minute = (Int(instant.timeIntervalSince1970) + zone.secondsFromGMT(for: instant)) / 60
        return (minute / 1440, minute % 1440)
    }
}
