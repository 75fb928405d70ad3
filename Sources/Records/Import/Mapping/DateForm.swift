import Recurrence

/// How a file writes its dates: `DD.MM.YYYY`, `M/D/YY`.
package struct DateForm: Sendable, Hashable {
    private enum Piece: Hashable { case year(Int), month(Int), day(Int), sign(Character) }

    private let pieces: [Piece]

    static let standard = DateForm(pieces: [.year(4), .sign("-"), .month(2), .sign("-"), .day(2)])

    private init(pieces: [Piece]) { self.pieces = pieces }

    /// Nil unless year, month and day stand in it once each.
    package init?(_ text: String) {
        guard text.count <= 30 else { return nil }
        var pieces: [Piece] = []
        var rest = text[...]
        while let letter = rest.first {
            let run = rest.prefix { $0 == letter }
            switch (letter, run.count) {
            case ("Y", 4), ("Y", 2): pieces.append(.year(run.count))
            case ("M", 1), ("M", 2): pieces.append(.month(run.count))
            case ("D", 1), ("D", 2): pieces.append(.day(run.count))
            case _ where letter.isLetter && letter.isASCII || letter.isNumber: return nil
            default: pieces += run.map { .sign($0) }
            }
            rest = rest[run.endIndex...]
        }
        let kinds = pieces.compactMap { piece -> Int? in
            switch piece {
            case .year: 0
            case .month: 1
            case .day: 2
            case .sign: nil
            }
        }
        guard kinds.sorted() == [0, 1, 2] else { return nil }
        self.pieces = pieces
    }

    /// The date as the API writes it, and what stands behind it; nil when it does not exist or has another form. One digit of a day or
    /// month may always be missing; of two digits of a year 70 to 99 are of the last century.
    func read(_ text: String) -> (date: String, rest: Substring)? {
        var (year, month, day) = (0, 0, 0)
        var rest = text[...]
        func digits(_ most: Int) -> Int? {
            let run = rest.prefix(most).prefix { $0.isASCII && $0.isNumber }
            rest = rest[run.endIndex...]
            return Int(run)
        }
        for piece in pieces {
            switch piece {
            case .sign(let sign):
                guard rest.first == sign else { return nil }
                rest = rest.dropFirst()
            case .year(let count):
                let before = rest
                guard let number = digits(count), before.count - rest.count == count else { return nil }
                year = count == 4 ? number : number + (number < 70 ? 2000 : 1900)
            case .month:
                guard let number = digits(2) else { return nil }
                month = number
            case .day:
                guard let number = digits(2) else { return nil }
                day = number
            }
        }
        func padded(_ number: Int, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        return CivilDate.isWellFormed(date) ? (date, rest) : nil
    }
}
