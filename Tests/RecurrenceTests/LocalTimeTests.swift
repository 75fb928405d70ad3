import Foundation
import Recurrence
import Support
import Testing

@Suite("A time on the wall of a place") struct LocalTimeTests {
    @Test(
        "It is one instant",
        arguments: [
            ("2026-11-30T09:00", "Europe/Berlin", "2026-11-30T08:00:00.000Z"),
            ("2026-07-01T09:00", "Europe/Berlin", "2026-07-01T07:00:00.000Z"),
            ("2026-11-30T09:00", "UTC", "2026-11-30T09:00:00.000Z"),
            ("2026-02-28T23:45", "Asia/Kathmandu", "2026-02-28T18:00:00.000Z"),
            ("2028-02-29T00:00", "America/St_Johns", "2028-02-29T03:30:00.000Z"),
            // Skipped: clocks go from 02:00 to 03:00.
            ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:30:00.000Z"),
            ("2026-03-08T02:00", "America/New_York", "2026-03-08T07:00:00.000Z"),
            // A whole day that Samoa left out.
            ("2011-12-30T12:00", "Pacific/Apia", "2011-12-30T22:00:00.000Z"),
            // Twice: the first is summer's.
            ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30:00.000Z"),
            ("2026-10-25T03:00", "Europe/Berlin", "2026-10-25T02:00:00.000Z"),
            ("2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-04T14:45:00.000Z"),
            ("0001-01-02T00:00", "UTC", "0001-01-02T00:00:00.000Z"),
            ("9999-12-31T23:59", "UTC", "9999-12-31T23:59:00.000Z"),
        ])
    func instant(local: String, zone: String, expected: String) throws {
        let time = try #require(LocalTime(local: local, zone: zone))

        #expect(time.utcText == expected)
        #expect(time.local == local && time.zone == zone)
    }

    @Test(
        "A date, a minute or a zone that does not exist is none",
        arguments: [
            "2026-02-29T09:00", "2026-13-01T09:00", "2026-11-30T24:00", "2026-11-30T09:60", "2026-11-30T09:00:00", "2026-11-30 09:00",
            "2026-11-30T09:00Z", "2026-11-30T9:00", "2026-11-30", "", "2026-11-30T+9:00", "0000-01-01T00:00", "2026-11-30t09:00",
        ])
    func refused(local: String) {
        #expect(LocalTime(local: local, zone: "Europe/Berlin") == nil)
    }

    @Test(
        "All names of a zone are as good",
        arguments: [("Asia/Kolkata", "Asia/Calcutta"), ("Etc/UTC", "UTC"), ("Asia/Saigon", "Asia/Ho_Chi_Minh")])
    func names(one: String, other: String) throws {
        let time = try #require(LocalTime(local: "2026-11-30T09:00", zone: one))

        #expect(time.zone == one && time.instant == LocalTime(local: "2026-11-30T09:00", zone: other)?.instant)
    }

    @Test(
        "A zone is a name of the IANA database, not an offset",
        arguments: ["", "Mars/Olympus", "CET+1", "+01:00", "GMT+0100", "Asia/Nowhere", "asia/Kolkata", "PST", "Etc", "Europe/../UTC"])
    func noZone(zone: String) {
        #expect(LocalTime(local: "2026-11-30T09:00", zone: zone) == nil)
        #expect(LocalTime.text(of: .now, in: zone) == nil)
        #expect(LocalTime.day("2026-11-30", in: zone) == nil)
    }

    @Test("An instant that four digits of a year cannot write is none") func edges() {
        #expect(LocalTime(local: "9999-12-31T23:00", zone: "America/New_York") == nil)
        #expect(LocalTime(local: "0001-01-01T00:00", zone: "Asia/Tokyo") == nil)
    }

    @Test("An instant has its text in every zone") func reverse() throws {
        let instant = Date(timeIntervalSince1970: 1_795_996_859.999)  // 2026-11-30T00:00:59.999Z

        #expect(LocalTime.text(of: instant, in: "UTC") == "2026-11-30T00:00")
        #expect(LocalTime.text(of: instant, in: "America/New_York") == "2026-11-29T19:00")
        #expect(LocalTime.text(of: Date(timeIntervalSince1970: -0.5), in: "UTC") == "1969-12-31T23:59")
    }

    @Test("A day lasts from its first instant to the next day's")
    func days() throws {
        func hours(_ date: String, _ zone: String) throws -> Double {
            let day = try #require(LocalTime.day(date, in: zone))
            return day.upperBound.timeIntervalSince(day.lowerBound) / 3600
        }

        #expect(try hours("2026-11-30", "Europe/Berlin") == 24)
        #expect(try hours("2026-03-29", "Europe/Berlin") == 23)
        #expect(try hours("2026-10-25", "Europe/Berlin") == 25)
        #expect(try hours("2011-12-30", "Pacific/Apia") == 0)
        #expect(LocalTime.day("2026-02-29", in: "Europe/Berlin") == nil)
        #expect(LocalTime.day("2026-11-30T00:00", in: "Europe/Berlin") == nil)
        // Clocks in Beirut go from midnight to one: the day begins at one o'clock.
        let beirut = try #require(LocalTime.day("2026-03-29", in: "Asia/Beirut"))
        #expect(LocalTime.text(of: beirut.lowerBound, in: "Asia/Beirut") == "2026-03-29T01:00")
        #expect(LocalTime.text(of: beirut.lowerBound - 1, in: "Asia/Beirut") == "2026-03-28T23:59")
    }

    @Test("Whatever the instant, its local time leads back to it or to the first one that showed the same")
    func roundTrip() throws {
        var random = SystemRandomNumberGenerator()
        let zones = TimeZone.knownTimeZoneIdentifiers.filter(TimeZoneName.isKnown)
        for _ in 0..<5_000 {
            let zone = zones.randomElement(using: &random) ?? "UTC"
            let instant = Date(timeIntervalSince1970: Double(Int.random(in: 15_778_080...36_817_920, using: &random) * 60))
            let text = try #require(LocalTime.text(of: instant, in: zone))

            let time = try #require(LocalTime(local: text, zone: zone))

            #expect(time.instant <= instant && instant < time.instant + 25 * 3600, "\(text) \(zone)")
            #expect(LocalTime.text(of: time.instant, in: zone) == text, "\(text) \(zone)")
        }
    }
}
