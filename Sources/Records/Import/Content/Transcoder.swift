import Glibc

/// Turns the bytes of a file into UTF-8, piece by piece, through the C library's `iconv`.
final class Transcoder {
    private let encoding: TextEncoding
    private let descriptor: iconv_t?
    /// The beginning of a character whose end has not come.
    private var rest: [UInt8] = []
    private var consumed = 0
    private var isFirst = true

    init(_ encoding: TextEncoding) throws(Problem) {
        self.encoding = encoding
        guard encoding != .utf8 else {
            descriptor = nil
            return
        }
        let opened = iconv_open("UTF-8", encoding.libraryName)
        // iconv(3): (iconv_t) -1 stands for an error.
        guard opened != iconv_t(bitPattern: -1) else {
            throw Problem(.unsupportedMediaType, "This installation cannot read \(encoding.rawValue); send the file in UTF-8.")
        }
        descriptor = opened
    }

    deinit {
        if let descriptor { iconv_close(descriptor) }
    }

    /// Refuses with `.invalid` what is no text in this encoding, with the place of the byte.
    func utf8(_ bytes: [UInt8]) throws(Problem) -> [UInt8] {
        var text = descriptor == nil ? bytes : try converted(bytes)
        if isFirst, !text.isEmpty {
            isFirst = false
            // The mark that some programs put in front is no part of the first name.
            if text.starts(with: [0xEF, 0xBB, 0xBF]) { text.removeFirst(3) }
        }
        return text
    }

    /// Refuses a file that ends in the middle of a character.
    func finish() throws(Problem) {
        guard rest.isEmpty else { throw broken(at: consumed) }
    }

    private func converted(_ bytes: [UInt8]) throws(Problem) -> [UInt8] {
        var input = rest + bytes
        rest = []
        var output: [UInt8] = []
        output.reserveCapacity(input.count * 3 / 2 + 16)
        var used = 0
        var isBroken = false
        input.withUnsafeMutableBytes { source in
            var from = source.baseAddress?.assumingMemoryBound(to: CChar.self)
            var left = source.count
            withUnsafeTemporaryAllocation(byteCount: 32 << 10, alignment: 1) { room in
                while left > 0 {
                    var to = room.baseAddress?.assumingMemoryBound(to: CChar.self)
                    var free = room.count
                    let result = iconv(descriptor, &from, &left, &to, &free)
                    let reason = errno
                    output.append(contentsOf: UnsafeRawBufferPointer(rebasing: room[..<(room.count - free)]))
                    guard result == -1 else { break }
                    if reason == E2BIG { continue }
                    isBroken = reason != EINVAL
                    break
                }
            }
            used = source.count - left
        }
        consumed += used
        if isBroken { throw broken(at: consumed) }
        rest = Array(input[used...])
        return output
    }

    private func broken(at place: Int) -> Problem {
        .invalid([
            .init(
                "", .format,
                "Byte \(place + 1) of the file is no \(encoding.rawValue); say its encoding in options.encoding, or save it as UTF-8.")
        ])
    }
}

extension TextEncoding {
    fileprivate var libraryName: String {
        switch self {
        case .utf8: "UTF-8"
        case .utf16LittleEndian: "UTF-16LE"
        case .utf16BigEndian: "UTF-16BE"
        case .gb18030: "GB18030"
        case .windows1252: "CP1252"
        }
    }
}
