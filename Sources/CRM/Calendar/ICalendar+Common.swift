import Foundation
import Records
import Recurrence

extension ICalendar {
    /// What events and todos have in common.
    package struct Common: Sendable, Hashable {
        /// The same for as long as the record lives, by which a subscriber's program finds it again; unique in the world.
        package var uid: String
        /// When this description was made: the record's last change, so that an unchanged record is written with the same bytes.
        package var stamp: Date
        package var summary: String
        package var description: String?
        package var categories: [String]
        package var lastModified: Date?
        /// Grows with every change.
        package var sequence: Int?

        package init(
            uid: String, stamp: Date, summary: String, description: String? = nil, categories: [String] = [], lastModified: Date? = nil,
            sequence: Int? = nil
        ) {
            self.uid = uid
            self.stamp = stamp
            self.summary = summary
            self.description = description
            self.categories = categories
            self.lastModified = lastModified
            self.sequence = sequence
        }

        func write(to lines: inout ContentLines) {
            lines.text("UID", uid)
            lines.time("DTSTAMP", stamp)
            lines.text("SUMMARY", summary)
            lines.text("DESCRIPTION", description)
            lines.list("CATEGORIES", categories)
            if let lastModified { lines.time("LAST-MODIFIED", lastModified) }
            if let sequence { lines.line("SEQUENCE:\(sequence)") }
        }
    }
}

extension ContentLines {
    /// An instant in UTC, to the second: `20261130T080000Z`.
    mutating func time(_ name: String, _ instant: Date) { line("\(name):\(CivilMoment(utc: instant).basicText)Z") }
}
