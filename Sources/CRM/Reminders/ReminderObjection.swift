import Foundation
import Recurrence
import Tenancy

/// What speaks against a mail at the last moment.
extension ReminderMail {
    /// Why it is not sent after all; nil: nothing speaks against it.
    func objection(_ now: Date) -> String? {
        guard tenant.state.allowsWrites else { return "suspended" }
        if !isOfTask {
            guard let reminder, reminder.isActive else { return "inactive" }
            if reminder.aboutType != nil, about?.isTrashed ?? true { return "trashed" }
            // Moved since it fell due.
            let series = reminder.series(about?.record, in: zone, defaults)
            guard series?.due(from: dueAt).first(where: { _ in true })?.instant == dueAt else { return "inactive" }
            if let limit, place >= limit { return "plan" }
        } else if about?.isTrashed ?? true {
            return "trashed"
        }
        return recipient.objection
    }

    /// When it may be sent, if not now: when the quiet hours end that it is in where the recipient is, and when the firm is at work if it asks
    /// for that; each may lead into the other.
    func quietEnd(_ now: Date) -> Date? {
        let name = recipient.zone.flatMap { TimeZoneName.isKnown($0) ? $0 : nil } ?? defaults.timeZone
        var time = now
        for turn in 1...Self.turns {
            let before = time
            // Work here and wakefulness there never meet: nobody is woken for it.
            if turn == Self.turns { return quietHoursEnd(now, name) }
            if let end = quietHoursEnd(time, name) { time = end }
            if let wait = reminder?.wait { time = atWork(time, wait) }
            if time == before { break }
        }
        return time > now ? time : nil
    }

    private func quietHoursEnd(_ time: Date, _ zone: String) -> Date? {
        TimeZoneName.zone(zone).flatMap { settings.quietHours?.end(from: time, in: $0) }
    }

    /// Where it is due.
    private func atWork(_ time: Date, _ wait: WorkWait) -> Date {
        TimeZoneName.zone(zone).map { wait.time(from: time, defaults.hours, in: $0) } ?? time
    }

    private static let turns = 30
}
