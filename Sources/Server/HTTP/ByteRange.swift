/// What a `Range` header asks for (RFC 9110, 14): one range of bytes. Several, other units and what cannot be read are answered with the
/// whole, as the RFC allows.
enum ByteRange: Equatable {
    case whole
    case part(Range<Int>)
    /// It begins behind the end: 416.
    case nowhere

    /// Nil for everything, also where a range that begins behind the end is answered so.
    var part: Range<Int>? {
        guard case .part(let part) = self else { return nil }
        return part
    }

    init(_ header: String?, of size: Int) {
        self = .whole
        guard let header, header.lowercased().hasPrefix("bytes=") else { return }
        let ends = header.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false).map(\.trimmedOfSpaces)
        guard ends.count == 2, ends.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } && $0.utf8.count <= 18 }) else { return }
        switch (Int(ends[0]), Int(ends[1])) {
        case (let first?, let last?) where first <= last: self = first < size ? .part(first..<min(last, size - 1) + 1) : .nowhere
        case (let first?, nil): self = first < size ? .part(first..<size) : .nowhere
        case (nil, let count?): self = count > 0 && size > 0 ? .part(max(0, size - count)..<size) : .nowhere
        default: return
        }
    }
}
