import Foundation

extension ICalendar {
    /// Something to be done, by a time or at all.
    package struct Todo: Sendable, Hashable {
        package enum Status: Sendable, Hashable {
            case open
            /// Done; the instant is known or not.
            case done(Date?)
            case cancelled
        }

        /// RFC 5545, 3.8.1.9: 1 is the most urgent, 5 the middle, 9 the least.
        package enum Priority: Int, Sendable, Hashable { case high = 1, normal = 5, low = 9 }

        package var common: Common
        package var due: Date?
        package var priority: Priority
        package var status: Status

        package init(_ common: Common, due: Date? = nil, priority: Priority = .normal, status: Status = .open) {
            self.common = common
            self.due = due
            self.priority = priority
            self.status = status
        }

        func write(to lines: inout ContentLines) {
            lines.line("BEGIN:VTODO")
            common.write(to: &lines)
            if let due { lines.time("DUE", due) }
            lines.line("PRIORITY:\(priority.rawValue)")
            switch status {
            case .open: lines.line("STATUS:NEEDS-ACTION")
            case .cancelled: lines.line("STATUS:CANCELLED")
            case .done(let instant):
                lines.line("STATUS:COMPLETED")
                if let instant { lines.time("COMPLETED", instant) }
            }
            lines.line("END:VTODO")
        }
    }
}
