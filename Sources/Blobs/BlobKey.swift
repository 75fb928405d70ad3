/// The name of a blob in its store: segments with slashes between them, as in `tenants/7f3c/attachments/0190`.
///
/// A key is also a path below a directory and a name in a bucket, so it has only what means nothing in either: letters, digits, `-`, `_`
/// and dots that do not begin a segment. No key leads out of its store or to what the store keeps for itself.
package struct BlobKey: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let text: String

    /// The longest key; with a bucket's prefix it stays below the 1,024 bytes of S3.
    package static let maximumLength = 512

    /// Nil for what cannot be a key.
    package init?(_ text: String) {
        guard (1...Self.maximumLength).contains(text.utf8.count) else { return nil }
        let segments = text.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.allSatisfy(Self.isSegment) else { return nil }
        self.text = text
    }

    /// A file's name has at most 255 bytes.
    private static func isSegment(_ segment: Substring) -> Bool {
        guard let first = segment.utf8.first, first != UInt8(ascii: "."), segment.utf8.count <= 255 else { return false }
        return segment.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
            default: false
            }
        }
    }

    package var description: String { text }

    /// Byte by byte, which is the order of a bucket's listing.
    package static func < (left: Self, right: Self) -> Bool { left.text.utf8.lexicographicallyPrecedes(right.text.utf8) }
}
