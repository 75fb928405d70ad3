import Foundation
import Recurrence
import Testing

@Suite("A rule's text") struct RecurrenceRuleTests {
    @Test(
        "It is written back in one way",
        arguments: [
            ("FREQ=DAILY", "FREQ=DAILY"),
            ("freq=weekly;byday=we,mo,we;interval=1", "FREQ=WEEKLY;BYDAY=MO,WE"),
            ("BYMONTHDAY=31,-1,+5;FREQ=MONTHLY;INTERVAL=002", "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=-1,5,31"),
            ("FREQ=YEARLY;BYDAY=-1SU,+2MO,TU;BYMONTH=12,3", "FREQ=YEARLY;BYMONTH=3,12;BYDAY=TU,-1SU,2MO"),
            ("FREQ=MONTHLY;BYSETPOS=-1,1;BYDAY=MO,TU,WE,TH,FR", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1,1"),
            // Ordinals mean nothing within a week, and the beginning of the week nothing within a month.
            ("FREQ=WEEKLY;BYDAY=2MO,-1FR", "FREQ=WEEKLY;BYDAY=MO,FR"),
            ("FREQ=MONTHLY;WKST=SU;INTERVAL=2", "FREQ=MONTHLY;INTERVAL=2"),
            ("FREQ=WEEKLY;WKST=SU", "FREQ=WEEKLY"),
            ("FREQ=WEEKLY;WKST=SU;INTERVAL=2", "FREQ=WEEKLY;INTERVAL=2;WKST=SU"),
            ("FREQ=DAILY;COUNT=3;UNTIL=20261130", "FREQ=DAILY;COUNT=3;UNTIL=20261130T000000"),
            ("FREQ=DAILY;UNTIL=20261130T090000", "FREQ=DAILY;UNTIL=20261130T090000"),
            ("FREQ=DAILY;UNTIL=20261130t090000z", "FREQ=DAILY;UNTIL=20261130T090000Z"),
        ])
    func canonical(text: String, expected: String) throws {
        let rule = try RecurrenceRule(text)

        #expect(rule.text == expected)
        #expect(try RecurrenceRule(expected) == rule)
    }

    @Test(
        "What is wrong is said, and where",
        arguments: [
            ("RRULE:FREQ=DAILY", 0, "prefix"),
            ("rrule:FREQ=DAILY", 0, "prefix"),
            ("", 0, "FREQ=WEEKLY"),
            ("INTERVAL=2", 0, "needs FREQ"),
            ("FREQ=HOURLY", 5, "DAILY, WEEKLY, MONTHLY or YEARLY, not 'HOURLY'"),
            ("FREQ=", 5, "FREQ is"),
            ("FREQ=DAILY;", 11, "missing"),
            (";FREQ=DAILY", 0, "missing"),
            ("FREQ=DAILY;INTERVAL", 11, "NAME=value"),
            ("FREQ=DAILY;INTERVAL=0", 20, "from 1"),
            ("FREQ=DAILY;INTERVAL=-1", 20, "from 1"),
            ("FREQ=DAILY;INTERVAL=+1", 20, "from 1"),
            ("FREQ=DAILY;INTERVAL=1000000000", 20, "999999999"),
            ("FREQ=DAILY;COUNT=0", 17, "COUNT"),
            ("FREQ=DAILY;COUNT=99999999999999999999999999", 17, "COUNT"),
            ("FREQ=DAILY;BYMONTH=1,13", 21, "1 to 12, not '13'"),
            ("FREQ=DAILY;BYMONTH=", 19, "BYMONTH"),
            ("FREQ=DAILY;BYMONTH=1,,2", 21, "BYMONTH"),
            ("FREQ=MONTHLY;BYMONTHDAY=0", 24, "BYMONTHDAY"),
            ("FREQ=MONTHLY;BYMONTHDAY=-32", 24, "BYMONTHDAY"),
            ("FREQ=MONTHLY;BYDAY=MO,0TU", 22, "number before a day"),
            ("FREQ=MONTHLY;BYDAY=54MO", 19, "number before a day"),
            ("FREQ=MONTHLY;BYDAY=1XX", 20, "BYDAY names days"),
            ("FREQ=MONTHLY;BYDAY=", 19, "BYDAY names days"),
            ("FREQ=MONTHLY;BYDAY=MO(1)", 22, "BYDAY names days"),
            ("FREQ=MONTHLY;BYSETPOS=367", 22, "BYSETPOS"),
            ("FREQ=WEEKLY;WKST=1", 17, "WKST names days"),
            ("FREQ=DAILY;UNTIL=20260229", 17, "exists"),
            ("FREQ=DAILY;UNTIL=2026-11-30T09:00", 17, "exists"),
            ("FREQ=DAILY;UNTIL=20261130T240000", 17, "time of day"),
            ("FREQ=DAILY;UNTIL=20261130T090000+0100", 17, "exists"),
            ("FREQ=DAILY;FREQ=WEEKLY", 11, "said twice"),
            ("FREQ=DAILY;BYHOUR=9", 11, "the time of day is the start's"),
            ("FREQ=YEARLY;BYWEEKNO=20", 12, "not supported"),
            ("FREQ=YEARLY;DTSTART=20261130", 12, "beside it"),
            ("FREQ=DAILY;X-NAME=1", 11, "not known"),
            ("FREQ=DAILY; COUNT=3", 11, "not known"),
            ("FREQ=DAILY\nCOUNT=3", 5, "FREQ is"),
            ("FREQ=DAILY;BYDAY=ＭＯ", 17 + 4, "BYDAY names days"),
            ("täglich", 0, "NAME=value"),
        ])
    func refused(text: String, position: Int, message: String) {
        let error = #expect(throws: Unreadable.self) { try RecurrenceRule(text) }

        #expect(error?.position == position, "\(text): \(String(describing: error))")
        #expect(error?.message.contains(message) == true, "\(text): \(String(describing: error))")
    }

    @Test("A text without end is refused unread") func long() {
        let error = #expect(throws: Unreadable.self) {
            try RecurrenceRule("FREQ=DAILY;BYMONTH=1" + String(repeating: ",1", count: 1_000_000))
        }

        #expect(error?.message.contains("4000") == true)
    }
}
