/// A day that comes again each year: a birthday, the end of a contract. 29 February comes only in leap years.
package struct Anniversary: Sendable, Hashable {
    package let date: CivilDate

    package init(of date: CivilDate) { self.date = date }

    /// The first on or after a day, never before the date itself; nil beyond the year 9999.
    package func next(onOrAfter day: CivilDate) -> CivilDate? {
        let day = max(day, date)
        let (_, month, dayOfMonth) = date.parts
        let year = day.parts.year
        // From 1896 to 1904 there are eight years without a leap year between them.
        return (year...year + 8).lazy.compactMap { CivilDate(year: $0, month: month, day: dayOfMonth) }.first { $0 >= day }
    }

    /// How many years lie between the date and the year of a day: the age that a person turns on a birthday.
    package func years(at day: CivilDate) -> Int { day.parts.year - date.parts.year }
}
