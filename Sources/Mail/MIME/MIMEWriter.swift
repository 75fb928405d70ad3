/// Puts headers and parts one behind the other.
struct MIMEWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ text: String) {
        bytes += text.utf8
    }

    mutating func write(_ headers: [HeaderField]) {
        for header in headers { write(header.lines) }
    }

    /// Its headers, an empty line, its content.
    mutating func write(_ part: MIMEPart) {
        write(part.headers)
        write("\r\n")
        bytes += part.content
    }
}
