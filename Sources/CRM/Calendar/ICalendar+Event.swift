import Foundation
import Records
import Recurrence

extension ICalendar {
    /// Something that takes place at a time: a meeting, a call.
    package struct Event: Sendable, Hashable {
        package enum Status: String, Sendable, Hashable { case tentative, confirmed, cancelled }

        package var common: Common
        package var start: Date
        /// Nil, or no later than `start`: it has a beginning only.
        package var end: Date?
        package var location: String?
        package var status: Status?

        package init(_ common: Common, start: Date, end: Date? = nil, location: String? = nil, status: Status? = nil) {
            self.common = common
            self.start = start
            self.end = end
            self.location = location
            self.status = status
        }

        func write(to lines: inout ContentLines) {
            lines.line("BEGIN:VEVENT")
            common.write(to: &lines)
            lines.time("DTSTART", start)
            // RFC 5545, 3.8.2.2: the end is later than the start.
            if let end, CivilMoment(utc: end).seconds > CivilMoment(utc: start).seconds { lines.time("DTEND", end) }
            lines.text("LOCATION", location)
            if let status { lines.line("STATUS:\(status.rawValue.uppercased())") }
            lines.line("END:VEVENT")
        }
    }
}
