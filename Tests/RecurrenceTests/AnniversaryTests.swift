import Foundation
import Recurrence
import Testing

@Suite("Days that come again, and moments beside a date") struct AnniversaryTests {
    private func date(_ text: String) throws -> CivilDate { try #require(CivilDate(text)) }

    @Test(
        "A day comes again each year, 29 February each leap year",
        arguments: [
            ("1980-11-30", "2026-11-28", "2026-11-30"), ("1980-11-30", "2026-11-30", "2026-11-30"),
            ("1980-11-30", "2026-12-01", "2027-11-30"),
            ("1980-11-30", "1970-01-01", "1980-11-30"), ("2000-02-29", "2026-11-28", "2028-02-29"),
            ("2096-02-29", "2097-01-01", "2104-02-29"),
            ("2096-02-29", "2096-03-01", "2104-02-29"),
        ])
    func anniversaries(of: String, from: String, expected: String) throws {
        let anniversary = Anniversary(of: try date(of))

        #expect(anniversary.next(onOrAfter: try date(from))?.text == expected)
    }

    @Test("It is a yearly rule that starts on the date") func rule() throws {
        for text in ["1980-11-30", "2000-02-29", "1999-01-01"] {
            let day = try date(text)
            let series = Series(start: CivilMoment(day), rule: try RecurrenceRule("FREQ=YEARLY"), in: .gmt)
            var next = day
            for moment in series.moments().prefix(120) {
                #expect(Anniversary(of: day).next(onOrAfter: next) == moment.date)
                next = moment.date.adding(days: 1)
            }
        }
        #expect(Anniversary(of: try date("1980-11-30")).years(at: try date("2026-11-30")) == 46)
        #expect(Anniversary(of: try date("1980-11-30")).next(onOrAfter: try date("9999-12-01")) == nil)
    }

    @Test(
        "Days of a distance are the calendar's, minutes pass",
        arguments: [
            ("2026-11-30", 0, "2026-11-30T08:00"), ("2026-11-30", -1440, "2026-11-29T08:00"), ("2026-11-30", 90, "2026-11-30T09:30"),
            // A day before nine is nine, though clocks are set in between.
            ("2026-03-30", -1440, "2026-03-29T07:00"), ("2026-03-29", -1440, "2026-03-28T08:00"), ("2026-10-25", -1440, "2026-10-24T07:00"),
            ("2026-10-25", -14 * 1440, "2026-10-11T07:00"),
            // An hour is an hour: from seven back over the change at one o'clock UTC.
            ("2026-03-29", -7 * 60, "2026-03-29T00:00"), ("2026-03-29", -1440 - 60, "2026-03-28T07:00"),
        ])
    func distance(day: String, offset: Int, expected: String) throws {
        let zone = try #require(TimeZoneName.zone("Europe/Berlin"))
        let nine = try #require(TimeOfDay("09:00"))

        let instant = RelativeMoment(offsetMinutes: offset).instant(from: try date(day), at: nine, in: zone)

        #expect(CivilMoment(utc: instant).minuteText == expected)
        let start = zone.instant(of: CivilMoment(try date(day), nine)) + 0.25
        #expect(RelativeMoment(offsetMinutes: offset).instant(from: start, in: zone) == instant + 0.25)
    }

    @Test(
        "A time of day is two digits, a colon and two digits",
        arguments: ["24:00", "9:00", "09:60", "09-00", "", "09:0a", "+9:00", "09:00:00"])
    func times(text: String) throws {
        #expect(TimeOfDay(text) == nil)
        #expect(TimeOfDay("23:59")?.minutes == 1439 && TimeOfDay("00:00")?.text == "00:00")
    }

    @Test("Days count as Foundation's calendar counts them") func civil() throws {
        var dice = Dice("Dates")
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        for _ in 0..<3_000 {
            let day = CivilDate(number: dice.number(-50_000...2_932_896))
            let parts = calendar.dateComponents(
                [.year, .month, .day, .weekday], from: Date(timeIntervalSince1970: Double(day.number) * 86_400))

            #expect(day.parts == (parts.year ?? 0, parts.month ?? 0, parts.day ?? 0))
            #expect((day.weekday.rawValue + 1) % 7 + 1 == parts.weekday)
            #expect(CivilDate(day.text) == day)
        }
    }
}
