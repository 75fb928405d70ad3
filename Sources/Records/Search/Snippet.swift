import Foundation

/// A short text that shows why a record was found.
struct Snippet: Sendable {
    private let words: [String]
    private static let length = 160

    init(of words: String) {
        self.words = words.split(whereSeparator: \.isWhitespace).map(String.init)
    }

    /// The parts that hold one of the words come first, a long one cut around it; others fill the space that is left.
    func text(of parts: [String], besides title: String) -> String {
        let others = parts.filter { $0 != title }
        let found = others.filter { place(in: $0) != nil }
        var text = ""
        for part in found + others.filter({ place(in: $0) == nil }) {
            let separator = text.isEmpty ? "" : " · "
            let room = Self.length - text.count - separator.count
            guard room >= 20 else { break }
            text += separator + excerpt(of: part, room)
        }
        return text
    }

    private func place(in part: String) -> String.Index? {
        words.lazy.compactMap { part.range(of: $0, options: [.caseInsensitive, .diacriticInsensitive, .widthInsensitive])?.lowerBound }
            .first
    }

    private func excerpt(of part: String, _ length: Int) -> String {
        let line = part.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard line.count > length else { return line }
        let place = place(in: line).map { line.distance(from: line.startIndex, to: $0) } ?? 0
        let start = max(0, min(place - length / 3, line.count - length + 2))
        let piece = line.dropFirst(start).prefix(length - 2)
        return (start > 0 ? "…" : "") + piece + (start + piece.count < line.count ? "…" : "")
    }
}
