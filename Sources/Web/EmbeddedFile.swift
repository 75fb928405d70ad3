import Foundation

/// A file that the binary carries.
struct EmbeddedFile: Sendable {
    /// With its folder: `assets/app.js`.
    let name: String
    private let content: Content

    private enum Content: Sendable {
        case text(StaticString)
        case base64(StaticString)
    }

    init(_ name: String, text: StaticString) {
        self.name = name
        content = .text(text)
    }

    init(_ name: String, base64 text: StaticString) {
        self.name = name
        content = .base64(text)
    }

    var bytes: [UInt8] {
        switch content {
        case .text(let text): text.withUTF8Buffer { Array($0) }
        case .base64(let text):
            // What `EmbedWeb` wrote.
            Data(base64Encoded: text.description).map { Array($0) } ?? []
        }
    }
}
