import Foundation
import Recurrence
import Testing

@Suite("A schedule of five fields") struct CronExpressionTests {
    private func next(_ text: String, after: String, in zone: String, _ count: Int) throws -> [String] {
        let expression = try CronExpression(text)
        let zone = try #require(TimeZoneName.zone(zone))
        var instant = Date(timeIntervalSince1970: Double(try #require(CivilMoment(minute: after)).seconds))
        return (0..<count).compactMap { _ in
            guard let next = expression.next(after: instant, in: zone) else { return nil }
            instant = next
            return CivilMoment(utc: next).minuteText
        }
    }

    @Test(
        "It is due by the clocks of its zone",
        arguments: [
            ("30 9 * * MON-FRI", "2026-11-28T00:00", ["2026-11-30T08:30", "2026-12-01T08:30"]),
            ("0 0 1 * *", "2026-11-28T00:00", ["2026-11-30T23:00", "2026-12-31T23:00"]),
            ("*/20 8-9 * * *", "2026-11-28T06:59", ["2026-11-28T07:00", "2026-11-28T07:20", "2026-11-28T07:40", "2026-11-28T08:00"]),
            ("0 12 29 2 *", "2026-11-28T00:00", ["2028-02-29T11:00", "2032-02-29T11:00"]),
            ("0 12 29 feb *", "2097-01-01T00:00", ["2104-02-29T11:00"]),
            // Either day, as neither field begins with a star.
            ("0 0 13 * FRI", "2026-11-01T00:00", ["2026-11-05T23:00", "2026-11-12T23:00", "2026-11-19T23:00"]),
            ("0 0 13 12 FRI", "2026-11-28T00:00", ["2026-12-03T23:00", "2026-12-10T23:00", "2026-12-12T23:00", "2026-12-17T23:00"]),
            // Both days, as one does.
            ("0 0 */2 * FRI", "2026-11-28T00:00", ["2026-12-10T23:00", "2026-12-24T23:00"]),
            ("0 0 * * 7", "2026-11-28T00:00", ["2026-11-28T23:00"]),
            ("0 0 * * SAT-SUN", "2026-11-28T00:00", ["2026-11-28T23:00", "2026-12-04T23:00"]),
            ("@weekly", "2026-11-28T00:00", ["2026-11-28T23:00", "2026-12-05T23:00"]),
            ("@YEARLY", "2026-11-28T00:00", ["2026-12-31T23:00"]),
            ("  5\t4 * *   * ", "2026-11-28T00:00", ["2026-11-28T03:05"]),
            ("0 0 30 2 *", "2026-11-28T00:00", []),
        ])
    func due(text: String, after: String, expected: [String]) throws {
        #expect(try next(text, after: after, in: "Europe/Berlin", max(1, expected.count)) == expected)
    }

    @Test("What clocks skip is due by the offset before that, once and in order") func skipped() throws {
        // Clocks in Berlin go from 02:00 to 03:00 at 01:00Z.
        #expect(try next("30 2 * * *", after: "2026-03-28T12:00", in: "Europe/Berlin", 2) == ["2026-03-29T01:30", "2026-03-30T00:30"])
        #expect(try next("30 2 * * *", after: "2026-03-29T01:10", in: "Europe/Berlin", 1) == ["2026-03-29T01:30"])
        #expect(
            try next("15,45 2,3 * * *", after: "2026-03-29T00:50", in: "Europe/Berlin", 3)
                == ["2026-03-29T01:15", "2026-03-29T01:45", "2026-03-30T00:15"])
        #expect(
            try next("30 1,2,3 * * *", after: "2026-03-29T00:00", in: "Europe/Berlin", 3)
                == ["2026-03-29T00:30", "2026-03-29T01:30", "2026-03-29T23:30"])
        #expect(
            try next("45 2 * * *", after: "2026-03-29T01:00", in: "Europe/Berlin", 1)
                + next("0 3 * * *", after: "2026-03-29T00:00", in: "Europe/Berlin", 1) == ["2026-03-29T01:45", "2026-03-29T01:00"])
    }

    @Test("What clocks show twice is due the first time only") func twice() throws {
        #expect(try next("30 2 * * *", after: "2026-10-24T12:00", in: "Europe/Berlin", 2) == ["2026-10-25T00:30", "2026-10-26T01:30"])
        #expect(
            try next("*/30 * * * *", after: "2026-10-25T00:10", in: "Europe/Berlin", 3) == [
                "2026-10-25T00:30", "2026-10-25T02:00", "2026-10-25T02:30",
            ])
        #expect(try next("*/30 * * * *", after: "2026-10-25T01:10", in: "Europe/Berlin", 1) == ["2026-10-25T02:00"])
    }

    @Test(
        "What is wrong is said, and where",
        arguments: [
            ("", 0, "five fields"),
            ("* * * *", 7, "here are 4"),
            ("* * * * * *", 10, "here are 6"),
            ("60 * * * *", 0, "The minute is a whole number from 0 to 59, not '60'"),
            ("* 24 * * *", 2, "The hour"),
            ("* * 0 * *", 4, "The day of the month"),
            ("* * * 13 *", 6, "The month"),
            ("* * * JANUARY *", 6, "The month"),
            ("* * * * 8", 8, "The day of the week"),
            ("* * * * FUNDAY", 8, "not 'FUNDAY'"),
            ("*/0 * * * *", 2, "A step of the minute"),
            ("*/60 * * * *", 2, "A step of the minute"),
            ("5/10 * * * *", 0, "5-59/5"),
            ("*/5/5 * * * *", 0, "one step at most"),
            ("1-2-3 * * * *", 0, "a range of two at most"),
            ("0 22-2 * * *", 2, "from the smaller to the greater"),
            ("1,,2 * * * *", 2, "The minute"),
            ("1, * * * *", 2, "The minute"),
            ("-5 * * * *", 0, "The minute"),
            ("L * * * *", 0, "The minute"),
            ("@reboot", 0, "@daily"),
            ("@every 5m", 0, "@daily"),
        ])
    func refused(text: String, position: Int, message: String) {
        let error = #expect(throws: Unreadable.self) { try CronExpression(text) }

        #expect(error?.position == position, "\(text): \(String(describing: error))")
        #expect(error?.message.contains(message) == true, "\(text): \(String(describing: error))")
    }
}
