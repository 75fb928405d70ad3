import Records
import Recurrence

/// When a tenant works and when it wants to be left alone, as its settings say; what is in force has been checked when it was set.
extension SettingsDocument {
    /// Nil unless the tenant has decided on some.
    package var quietHours: QuietHours? {
        guard let from = Self.time(self["quiet_hours.from"]), let to = Self.time(self["quiet_hours.to"]) else { return nil }
        return QuietHours(from: from, to: to)
    }

    package var businessHours: BusinessHours {
        let hours = Weekday.allCases.map { weekday in
            let ranges = (self["business_hours.\(weekday.name)"].elements ?? []).compactMap { entry -> Range<TimeOfDay>? in
                guard let from = Self.time(entry["from"]), let to = Self.time(entry["to"]), from < to else { return nil }
                return from..<to
            }
            return (weekday, ranges)
        }
        let holidays = (self["holidays"].elements ?? []).compactMap { $0.string.flatMap { CivilDate($0) } }
        return BusinessHours(Dictionary(uniqueKeysWithValues: hours), holidays: Set(holidays))
    }

    private static func time(_ value: JSON?) -> TimeOfDay? { value?.string.flatMap { TimeOfDay($0) } }
}
