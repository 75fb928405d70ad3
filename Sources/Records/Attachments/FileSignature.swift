/// What every file of a type begins with, for the pictures and documents that programs open at a click: what begins otherwise is not what it
/// is said to be.
struct FileSignature: Sendable {
    private let type: String
    private let beginnings: [[UInt8?]]
    /// Within how many bytes it begins: readers of PDF look for it behind what mail programs put in front.
    private let room: Int
    /// What has come of it, until it is settled.
    private(set) var head: [UInt8] = []
    private var isSettled = false

    /// The refusal of a file with its SHA-256: whoever keeps the one keeps the other.
    struct Mismatch: Error {
        let problem: Problem
        let digest: [UInt8]
    }

    /// Nil for a type whose files begin in many ways.
    init?(of contentType: String) {
        let type = contentType.prefix { $0 != ";" }.lowercased().trimmed
        guard let beginnings = Self.beginnings[type] else { return nil }
        (self.type, self.beginnings) = (type, beginnings)
        room = type == Self.pdf ? 1024 : 12
    }

    /// Looks at the next bytes of the file, and keeps no more of them than it needs. Refuses with `.unsupportedMediaType`.
    mutating func take(_ piece: [UInt8]) throws(Problem) {
        guard !isSettled else { return }
        head += piece.prefix(room - head.count)
        if head.count == room { try finish() }
    }

    /// The file has no more bytes than have come.
    mutating func finish() throws(Problem) {
        guard !isSettled else { return }
        isSettled = true
        guard fits else {
            throw Problem(
                .unsupportedMediaType,
                "Content-Type says \(type), and the file does not begin as one; say what it is, or application/octet-stream.")
        }
    }

    private var fits: Bool {
        let last = type == Self.pdf ? room : 0
        return beginnings.contains { beginning in
            (0...last).contains { start in
                head.count >= start + beginning.count && zip(head[start...], beginning).allSatisfy { $1 == nil || $0 == $1 }
            }
        }
    }

    private static let pdf = "application/pdf"
    /// Nil stands for any byte.
    private static let beginnings: [String: [[UInt8?]]] = [
        "image/png": [[0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]], "image/jpeg": [[0xFF, 0xD8, 0xFF]],
        "image/gif": ["GIF87a", "GIF89a"].map(bytes), "image/webp": [bytes("RIFF") + [nil, nil, nil, nil] + bytes("WEBP")],
        pdf: [bytes("%PDF-")],
    ]

    private static func bytes(_ text: String) -> [UInt8?] { text.utf8.map { $0 } }
}
