import Foundation
import Recurrence
import Testing

@Suite("A series of due times") struct SeriesTests {
    private func series(
        _ rule: String?, from start: String, except: [String] = [], in zone: String = "Europe/Berlin"
    ) throws -> Series {
        Series(
            start: try #require(CivilMoment(minute: start)), rule: try rule.map { try RecurrenceRule($0) },
            except: Set(except.compactMap(CivilMoment.init(minute:))), in: try #require(TimeZoneName.zone(zone)))
    }

    /// Expectations are those of python-dateutil 2.9.
    @Test(
        "It means what dateutil makes of it",
        arguments: [
            // The start does not match: it is not due then.
            ("FREQ=WEEKLY;BYDAY=TU", "2026-11-30T09:00", ["2026-12-01T09:00", "2026-12-08T09:00"]),
            ("FREQ=MONTHLY", "2026-01-31T09:00", ["2026-01-31T09:00", "2026-03-31T09:00", "2026-05-31T09:00"]),
            ("FREQ=YEARLY", "2024-02-29T09:00", ["2024-02-29T09:00", "2028-02-29T09:00"]),
            ("FREQ=YEARLY", "2096-02-29T09:00", ["2096-02-29T09:00", "2104-02-29T09:00"]),
            ("FREQ=MONTHLY;BYDAY=-1FR", "2026-11-01T18:30", ["2026-11-27T18:30", "2026-12-25T18:30"]),
            ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "2026-01-01T00:00", ["2026-02-13T00:00", "2026-03-13T00:00", "2026-11-13T00:00"]),
            ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-01-15T17:00", ["2026-01-30T17:00", "2026-02-27T17:00"]),
            ("FREQ=YEARLY;BYDAY=20MO", "1997-05-19T09:00", ["1997-05-19T09:00", "1998-05-18T09:00", "1999-05-17T09:00"]),
            ("FREQ=YEARLY;BYMONTH=3;BYDAY=TH", "1997-03-13T09:00", ["1997-03-13T09:00", "1997-03-20T09:00", "1997-03-27T09:00"]),
            (
                "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO;COUNT=3", "1997-08-05T09:00",
                ["1997-08-05T09:00", "1997-08-10T09:00", "1997-08-19T09:00"]
            ),
            (
                "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU;COUNT=3", "1997-08-05T09:00",
                ["1997-08-05T09:00", "1997-08-17T09:00", "1997-08-19T09:00"]
            ),
            (
                "FREQ=DAILY;INTERVAL=10;UNTIL=20261220T090000", "2026-11-30T09:00",
                ["2026-11-30T09:00", "2026-12-10T09:00", "2026-12-20T09:00"]
            ),
            // A date alone is its midnight.
            ("FREQ=DAILY;UNTIL=20261202", "2026-11-30T09:00", ["2026-11-30T09:00", "2026-12-01T09:00"]),
            // 09:00 in Berlin is 08:00 UTC in winter.
            ("FREQ=DAILY;UNTIL=20261201T080000Z", "2026-11-30T09:00", ["2026-11-30T09:00", "2026-12-01T09:00"]),
            ("FREQ=DAILY;UNTIL=20261201T075959Z", "2026-11-30T09:00", ["2026-11-30T09:00"]),
            ("FREQ=DAILY;COUNT=9;UNTIL=20261201T090000", "2026-11-30T09:00", ["2026-11-30T09:00", "2026-12-01T09:00"]),
            ("FREQ=DAILY;UNTIL=20200101", "2026-11-30T09:00", []),
        ])
    func meaning(rule: String, start: String, expected: [String]) throws {
        let moments = try series(rule, from: start).moments().prefix(expected.count)

        #expect(moments.map(\.minuteText) == expected)
    }

    @Test("Ended by COUNT or UNTIL it stays ended", arguments: ["FREQ=DAILY;COUNT=2", "FREQ=DAILY;UNTIL=20261201T090000"])
    func ends(rule: String) throws {
        var moments = try series(rule, from: "2026-11-30T09:00").moments()

        #expect([moments.next(), moments.next()].compactMap { $0?.date.text } == ["2026-11-30", "2026-12-01"])
        #expect(moments.next() == nil && moments.next() == nil)
    }

    @Test("An exception is left out, and COUNT has counted it") func exceptions() throws {
        let all = try series("FREQ=DAILY;COUNT=4", from: "2026-11-30T09:00", except: ["2026-12-01T09:00", "2026-12-02T10:00"])

        #expect(all.moments().map(\.minuteText) == ["2026-11-30T09:00", "2026-12-02T09:00", "2026-12-03T09:00"])
    }

    @Test("Without a rule it is due once, at the start") func once() throws {
        let once = try series(nil, from: "2026-11-30T09:00")
        let start = try #require(once.moments().first { _ in true })

        #expect(Array(once.moments()) == [start])
        #expect(Array(once.moments(from: CivilMoment(seconds: start.seconds + 1))) == [])
        #expect(Array(try series(nil, from: "2026-11-30T09:00", except: ["2026-11-30T09:00"]).moments()) == [])
    }

    @Test("Local times that clocks skip or show twice are one instant each") func clocks() throws {
        func instants(_ start: String) throws -> [String] {
            let series = try series("FREQ=DAILY;COUNT=3", from: start)
            return series.occurrences(from: .distantPast).map { CivilMoment(utc: $0.instant).minuteText }
        }

        #expect(try instants("2026-03-28T02:30") == ["2026-03-28T01:30", "2026-03-29T01:30", "2026-03-30T00:30"])
        #expect(try instants("2026-10-24T02:30") == ["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"])
    }

    @Test("It goes on from any instant, the one that is due included") func seeking() throws {
        let daily = try series("FREQ=DAILY", from: "2026-03-01T02:30")
        let due = Date(timeIntervalSince1970: 1_774_747_800)  // 2026-03-29T01:30Z, when clocks skip 02:30

        #expect(daily.occurrences(from: due).prefix(2).map(\.local.minuteText) == ["2026-03-29T02:30", "2026-03-30T02:30"])
        #expect(daily.occurrences(from: due + 0.001).prefix(1).map(\.local.minuteText) == ["2026-03-30T02:30"])
        #expect(daily.occurrences(from: .distantPast).prefix(1).map(\.local.minuteText) == ["2026-03-01T02:30"])
    }

    @Test(
        "Ten thousand looks into the far future take no walk there", .timeLimit(.minutes(1)),
        arguments: [
            "FREQ=DAILY", "FREQ=DAILY;INTERVAL=3;BYDAY=MO", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", "FREQ=MONTHLY;BYDAY=2TU",
            "FREQ=YEARLY;BYMONTH=5",
            "FREQ=DAILY;BYMONTH=1",
        ])
    func far(rule: String) throws {
        let all = try series(rule, from: "2026-11-30T09:00", in: "UTC")
        let from = try #require(CivilMoment(minute: "9000-01-01T00:00"))

        for day in 0..<1_700 {
            let later = CivilMoment(seconds: from.seconds + day * 86_400)
            let next = try #require(all.moments(from: later).first { _ in true })
            #expect(next >= later && next.seconds < later.seconds + 370 * 86_400)
        }
    }

    @Test(
        "A rule that no day fulfils is never due, and says so at once", .timeLimit(.minutes(1)),
        arguments: [
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31",
            "FREQ=WEEKLY;BYMONTH=4;BYMONTHDAY=31", "FREQ=MONTHLY;BYDAY=6MO", "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
            "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
            "FREQ=MONTHLY;BYDAY=MO,1TU", "FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29", "FREQ=DAILY;BYSETPOS=2",
            "FREQ=YEARLY;BYDAY=53MO,53TU;BYSETPOS=3",
        ])
    func never(rule: String) throws {
        // A Monday in an odd year.
        let all = try series(rule, from: "2029-01-01T09:00")

        #expect(all.moments().first { _ in true } == nil)
    }

    @Test("The last year is 9999", arguments: ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=FR", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=YEARLY"])
    func lastYear(rule: String) throws {
        let all = try series(rule, from: "9999-12-31T09:00", in: "UTC")

        #expect(all.moments().map(\.minuteText) == ["9999-12-31T09:00"])
    }

    @Test("The greatest interval is not too great", arguments: ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]) func hugeInterval(
        frequency: String
    ) throws {
        let all = try series("FREQ=\(frequency);INTERVAL=999999999", from: "2026-11-30T09:00")

        #expect(all.moments().map(\.minuteText) == ["2026-11-30T09:00"])
        #expect(Array(all.occurrences(from: .distantFuture)) == [])
    }
}
