/// The lines of a text with cards, unfolded: CRLF or LF, continued after a space or a tab, in quoted-printable also after `=`.
///
/// By bytes, since some programs fold inside of a character.
struct VCardLines: Sequence, IteratorProtocol {
    struct Line {
        /// Where it begins, the first line being 1.
        let number: Int
        var bytes: [UInt8] = []
        /// Whether it went on after what is kept of it.
        var isCut = false
    }

    /// Of a longer line only the beginning is kept. Pictures are that long, texts of ours are not.
    static let longest = 16_384

    private let text: [UInt8]
    private var position: Int
    private var number = 0

    init(_ text: [UInt8]) {
        self.text = text
        // A byte order mark is no part of the first line.
        position = text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    mutating func next() -> Line? {
        guard position < text.count else { return nil }
        var line = Line(number: number + 1)
        append(physicalLine(), to: &line)
        // Asked once: a line may go on a million times.
        lazy var isQuotedPrintable = Self.isQuotedPrintable(line.bytes)
        while position < text.count {
            if text[position] == UInt8(ascii: " ") || text[position] == UInt8(ascii: "\t") {
                append(physicalLine().dropFirst(), to: &line)
            } else if line.bytes.last == UInt8(ascii: "="), isQuotedPrintable {
                line.bytes.removeLast()
                append(physicalLine(), to: &line)
            } else {
                break
            }
        }
        return line
    }

    private mutating func physicalLine() -> ArraySlice<UInt8> {
        let end = text[position...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
        let line = text[position..<end]
        position = end + 1
        number += 1
        return line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    }

    private func append(_ piece: ArraySlice<UInt8>, to line: inout Line) {
        let room = Self.longest - line.bytes.count
        line.bytes += piece.prefix(room)
        if piece.count > room { line.isCut = true }
    }

    private static func isQuotedPrintable(_ line: [UInt8]) -> Bool {
        let head = line.prefix { $0 != UInt8(ascii: ":") }
        return String(decoding: head, as: UTF8.self).uppercased().contains("QUOTED-PRINTABLE")
    }
}
