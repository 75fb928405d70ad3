import Foundation

extension Tenant {
    /// What everyone of the account should know about its standing, in a sentence; nil when all is well.
    ///
    /// - Parameters:
    ///   - today: the day where the tenant is, `YYYY-MM-DD`.
    ///   - timeZone: its zone (IANA), in which the days of the banner are told.
    package func banner(on today: String, in timeZone: String) -> String? {
        func day(_ date: Date) -> String {
            // A zone that this machine does not know is told in UTC rather than not at all.
            date.formatted(Date.ISO8601FormatStyle(timeZone: TimeZone(identifier: timeZone) ?? .gmt).year().month().day())
        }
        switch state {
        case .provisioning, .active, .deleted: return nil
        case .trial:
            guard let trialEndsAt, day(trialEndsAt.addingTimeInterval(-7 * 86_400)) <= today else { return nil }
            return "The trial ends on \(day(trialEndsAt))."
        case .pastDue:
            guard let graceEndsAt else { return "A payment is due." }
            return "A payment is due. From \(day(graceEndsAt)) on this account can only be read and exported."
        case .suspended: return "This account is suspended: it can be read and exported, but nothing can be changed."
        case .deletionScheduled:
            guard let deletionDueAt else { return nil }
            return "This account is deleted on \(day(deletionDueAt)); until then it can be read and exported."
        }
    }
}
