/// A day of the week, in the order of ISO 8601.
package enum Weekday: Int, CaseIterable, Sendable {
    case monday, tuesday, wednesday, thursday, friday, saturday, sunday

    /// As settings name it: `monday`.
    package var name: String { "\(self)" }

    /// As iCalendar writes it: `MO`.
    package var code: String { name.prefix(2).uppercased() }

    package init?(code: String) {
        guard let day = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = day
    }

    package init?(name: String) {
        guard let day = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = day
    }

    /// How many days after `other` it comes, 0 to 6.
    func days(after other: Weekday) -> Int { (rawValue - other.rawValue + 7) % 7 }
}
