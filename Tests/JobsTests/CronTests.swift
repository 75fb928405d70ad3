import CRM
import Foundation
import Jobs
import Records
import Testing

@Suite("Cron expressions") struct CronTests {
    @Test(
        "The next instant of an expression in its zone",
        arguments: [
            ("*/15 * * * *", "GMT", "2026-11-28T10:07:00Z", "2026-11-28T10:15:00Z"),
            ("30 3 * * *", "Europe/Berlin", "2026-11-28T10:00:00Z", "2026-11-29T02:30:00Z"),
            ("0 9 * * mon-fri", "GMT", "2026-11-27T09:00:00Z", "2026-11-30T09:00:00Z"),
            ("0 9 * * 7", "GMT", "2026-11-28T10:00:00Z", "2026-11-29T09:00:00Z"),
            ("0 0 29 2 *", "GMT", "2026-11-28T10:00:00Z", "2028-02-29T00:00:00Z"),
            ("0 12 1 jan,jul *", "GMT", "2026-11-28T10:00:00Z", "2027-01-01T12:00:00Z"),
            // Either field of days suffices when both are given.
            ("0 0 13 * fri", "GMT", "2026-11-28T10:00:00Z", "2026-12-04T00:00:00Z"),
            ("0 0 13 * fri", "GMT", "2026-12-11T10:00:00Z", "2026-12-13T00:00:00Z"),
            ("10-20/5 8 * * *", "GMT", "2026-11-28T08:11:00Z", "2026-11-28T08:15:00Z"),
            ("@daily", "Asia/Kathmandu", "2026-11-28T00:00:00Z", "2026-11-28T18:15:00Z"),
            // The gap of 29 March 2026 in Berlin: 02:30 is taken with the offset before it.
            ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z"),
            // 25 October 2026: 02:30 comes twice and counts the first time ...
            ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"),
            ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"),
            // ... but what comes every half hour goes on.
            ("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z"),
            ("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z"),
        ])
    func next(text: String, zone: String, from: String, expected: String) throws {
        let cron = try Cron(text)

        let next = cron.next(after: try Date(from, strategy: .iso8601), in: try #require(TimeZone(identifier: zone)))

        #expect(next?.ISO8601Format() == expected)
    }

    @Test(
        "An expression for every hour comes as often as there are hours, also on the days of the clock",
        arguments: ["2026-03-29", "2026-10-25"])
    func hours(day: String) throws {
        let zone = try #require(TimeZone(identifier: "Europe/Berlin"))
        let cron = try Cron("0 * * * *")
        var instant = try Date("\(day)T12:00:00Z", strategy: .iso8601).addingTimeInterval(-86_400)

        for _ in 0..<48 {
            let next = try #require(cron.next(after: instant, in: zone))
            #expect(next.timeIntervalSince(instant) == 3600)
            instant = next
        }
    }

    @Test(
        "What cannot be read is refused",
        arguments: [
            "", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8",
            "a * * * *", "*/0 * * * *", "5-1 * * * *", "1,,2 * * * *", "1/2/3 * * * *", "0 0 30 2 *", "-1 * * * *", "1- * * * *",
        ])
    func malformed(text: String) {
        #expect(throws: Cron.Malformed.self) { try Cron(text) }
    }

    @Test("Every standing schedule can be read and has a handler") func standing() {
        let known = Set(StandingWork.handlers(Catalog([])).all.map(\.kind.name))

        for schedule in StandingWork.schedules { #expect(known.contains(schedule.kindName)) }
        #expect(!StandingWork.schedules.isEmpty)
    }
}
