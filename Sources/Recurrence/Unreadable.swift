/// What somebody wrote that cannot be understood, and where.
package struct Unreadable: Error, Sendable, Equatable, CustomStringConvertible {
    /// Where it begins, in characters from 0; all in front of it was understood, and is ASCII.
    package let position: Int
    /// A sentence for the person who wrote it.
    package let message: String

    package init(_ position: Int, _ message: String) {
        self.position = position
        self.message = message
    }

    package var description: String { "At \(position): \(message)" }
}

/// A piece of a text, which knows its place in the whole by its indices.
typealias Piece = ArraySlice<UInt8>

extension Piece {
    /// The whole text in capitals, as far as it is ASCII.
    init(capitals text: String) { self = Array(text.utf8.map { (97...122).contains($0) ? $0 - 32 : $0 })[...] }

    var text: String { String(decoding: self, as: UTF8.self) }

    /// Something short enough to be said in a message.
    var quoted: String { count <= 40 ? "'\(text)'" : "'\(Piece(prefix(40)).text)...'" }

    /// In order, the empty ones too.
    func pieces(between separator: Character) -> [Piece] {
        split(separator: separator.asciiValue ?? 0, omittingEmptySubsequences: false)
    }

    func unreadable(_ message: String) -> Unreadable { Unreadable(startIndex, message) }

    /// A whole number of at most nine digits in a range; `what` is how a message calls it.
    func number(_ range: ClosedRange<Int>, _ what: String) throws(Unreadable) -> Int {
        guard !isEmpty, count <= 9, let number = CivilDate.digits(self), range.contains(number) else {
            throw unreadable("\(what) is a whole number from \(range.lowerBound) to \(range.upperBound), not \(quoted).")
        }
        return number
    }

    /// A number with or without a sign, counted from the front or from the end; never 0.
    func place(_ farthest: Int, _ what: String) throws(Unreadable) -> Int {
        let sign = first
        let digits = sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") ? dropFirst() : self
        guard !digits.isEmpty, digits.count <= 9, let number = CivilDate.digits(digits), (1...farthest).contains(number) else {
            throw unreadable("\(what) is a number from 1 to \(farthest) or from -\(farthest) to -1, not \(quoted).")
        }
        return sign == UInt8(ascii: "-") ? -number : number
    }
}
