/// A month of a year, and its days as bits: bit 1 is the first, bit 31 the last.
package struct CivilMonth: Sendable, Hashable, Comparable {
    package let year: Int
    /// 1 to 12
    package let month: Int

    package init(_ year: Int, _ month: Int) {
        self.year = year
        self.month = month
    }

    /// Counted in months after January of the year 0.
    init(number: Int) { self.init(number / 12, number % 12 + 1) }

    var number: Int { year * 12 + month - 1 }

    package var length: Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    var first: CivilDate { date(1) }

    /// The day must be one of the month's.
    func date(_ day: Int) -> CivilDate { CivilDate(number: CivilDate.number(year, month, day)) }

    /// Every day of it.
    var all: UInt32 { UInt32((UInt64(1) << (length + 1)) - 2) }

    /// The days that fall on a weekday: the first, the second and so on.
    func all(_ weekday: Weekday) -> UInt32 {
        let firsts: UInt32 = 1 << 1 | 1 << 8 | 1 << 15 | 1 << 22 | 1 << 29
        return firsts << UInt32(weekday.days(after: first.weekday)) & all
    }

    package static func < (left: Self, right: Self) -> Bool { (left.year, left.month) < (right.year, right.month) }
}

/// Which bits are set, the lowest first.
struct SetBits: Sequence, IteratorProtocol {
    private var rest: UInt64

    init(_ bits: some FixedWidthInteger & UnsignedInteger) { rest = UInt64(bits) }

    mutating func next() -> Int? {
        guard rest != 0 else { return nil }
        defer { rest &= rest - 1 }
        return rest.trailingZeroBitCount
    }
}
