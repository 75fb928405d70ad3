/// The server's text format of an array (PostgreSQL manual 8.15.6): `{plain,"quoted \" text",NULL}`.
enum ArrayLiteral {
    /// The elements of a one-dimensional array; nil for anything else, a NULL among them included.
    static func texts(_ bytes: UnsafeRawBufferPointer) -> [String]? {
        let open = UInt8(ascii: "{")
        let close = UInt8(ascii: "}")
        let comma = UInt8(ascii: ",")
        let quote = UInt8(ascii: "\"")
        let backslash = UInt8(ascii: "\\")
        guard bytes.count >= 2, bytes[0] == open, bytes[bytes.count - 1] == close else { return nil }
        if bytes.count == 2 { return [] }

        var texts: [String] = []
        var element: [UInt8] = []
        var position = 1
        let end = bytes.count - 1
        while true {
            element.removeAll(keepingCapacity: true)
            let isQuoted = position < end && bytes[position] == quote
            if isQuoted {
                position += 1
                while position < end, bytes[position] != quote {
                    if bytes[position] == backslash { position += 1 }
                    guard position < end else { return nil }
                    element.append(bytes[position])
                    position += 1
                }
                guard position < end else { return nil }
                position += 1
            } else {
                while position < end, bytes[position] != comma {
                    guard bytes[position] != open, bytes[position] != backslash else { return nil }
                    element.append(bytes[position])
                    position += 1
                }
                guard !element.isEmpty, element != Array("NULL".utf8) else { return nil }
            }
            texts.append(String(decoding: element, as: UTF8.self))
            guard position < end else { return texts }
            guard bytes[position] == comma else { return nil }
            position += 1
        }
    }
}
