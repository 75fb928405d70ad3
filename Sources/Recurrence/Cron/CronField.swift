/// One of the five fields of a schedule: what it counts, and how far.
struct CronField: Sendable {
    let name: String
    let range: ClosedRange<Int>
    /// For the first number of the range and those behind it.
    var names: [String] = []

    static let minute = CronField(name: "The minute", range: 0...59)
    static let hour = CronField(name: "The hour", range: 0...23)
    static let monthDay = CronField(name: "The day of the month", range: 1...31)
    static let month = CronField(
        name: "The month", range: 1...12, names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"])
    /// Sunday is 0 and 7.
    static let weekday = CronField(name: "The day of the week", range: 0...7, names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])

    /// A list of `*`, `5`, `1-5`, `*/2` and `10-50/20`, as bits.
    func read(_ field: Piece) throws(Unreadable) -> UInt64 {
        var bits: UInt64 = 0
        for item in field.pieces(between: ",") { bits |= try readItem(item) }
        return bits
    }

    private func readItem(_ item: Piece) throws(Unreadable) -> UInt64 {
        let halves = item.pieces(between: "/")
        guard halves.count <= 2 else { throw item.unreadable("\(name) has one step at most, as in */5, not \(item.quoted).") }
        let numbers = try readRange(halves[0], hasStep: halves.count == 2)
        let step = halves.count == 2 ? try halves[1].number(1...range.upperBound, "A step of \(name.lowercased())") : 1
        return stride(from: numbers.lowerBound, through: numbers.upperBound, by: step).reduce(0) { $0 | 1 << UInt64($1) }
    }

    private func readRange(_ text: Piece, hasStep: Bool) throws(Unreadable) -> ClosedRange<Int> {
        // All days of the week are seven: with 0 and 7 both, every second day would be one too many.
        if text.elementsEqual("*".utf8) { return self.range.upperBound == 7 ? 0...6 : self.range }
        let ends = text.pieces(between: "-")
        guard ends.count <= 2 else { throw text.unreadable("\(name) is a range of two at most, as in 1-5, not \(text.quoted).") }
        let lower = try readNumber(ends[0])
        guard ends.count == 2 else {
            guard !hasStep else { throw text.unreadable("A step needs a range, as in */5 or \(lower)-\(range.upperBound)/5.") }
            return lower...lower
        }
        let upper = try readNumber(ends[1])
        // Saturday to Sunday.
        if upper == 0, range.upperBound == 7, lower > 0 { return lower...7 }
        guard lower <= upper else { throw text.unreadable("\(name) goes from the smaller to the greater, not \(text.quoted).") }
        return lower...upper
    }

    private func readNumber(_ text: Piece) throws(Unreadable) -> Int {
        if let index = names.firstIndex(of: text.text) { return range.lowerBound + index }
        return try text.number(range, name)
    }
}
