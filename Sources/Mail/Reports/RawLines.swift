/// Bytes cut into lines, ended by CRLF or by LF alone.
struct RawLines {
    private let bytes: ArraySlice<UInt8>
    /// Each without its end.
    let ranges: [Range<Int>]

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        var ranges: [Range<Int>] = []
        var start = bytes.startIndex
        while start < bytes.endIndex {
            let end = bytes[start...].firstIndex(of: 10) ?? bytes.endIndex
            ranges.append(start..<(end > start && bytes[end - 1] == 13 ? end - 1 : end))
            start = end + 1
        }
        self.ranges = ranges
    }

    func isEmpty(_ range: Range<Int>) -> Bool { bytes[range].allSatisfy { $0 == 32 || $0 == 9 } }

    func begins(_ range: Range<Int>, with text: String) -> Bool { bytes[range].starts(with: text.utf8) }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// Lines `from ..< to`.
    func slice(_ from: Int, _ to: Int) -> ArraySlice<UInt8> {
        guard from < to else { return [] }
        return bytes[ranges[from].lowerBound..<ranges[to - 1].upperBound]
    }
}
