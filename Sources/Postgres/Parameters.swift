import Glibc

/// The values of one statement as C wants them: NUL-terminated, side by side in memory that is used again and again.
struct Parameters: ~Copyable {
    /// The most values that the protocol can count.
    static let most = 65535
    /// Memory beyond this is given back after use: one large value should not be paid for as long as the connection lives.
    private static let keep = 1 << 20

    private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 1)
    private var pointers: [UnsafePointer<CChar>?] = []
    private var lengths: [CInt] = []
    private var formats: [CInt] = []

    deinit { memory.deallocate() }

    /// Copies `values` and lends them to `body`: how many, where, how long, in text (0) or binary (1) format.
    mutating func with<T>(
        _ values: [SQLValue],
        _ body: (CInt, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<CInt>?, UnsafePointer<CInt>?) -> T
    ) -> T {
        if values.isEmpty { return body(0, nil, nil, nil) }
        let room = values.reduce(0) { $0 + $1.room }
        if memory.count < room { resize(to: room * 2) }
        pointers.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        formats.removeAll(keepingCapacity: true)
        var end = 0
        for value in values { append(value, &end) }
        let result = body(CInt(values.count), pointers, lengths, formats)
        if memory.count > Self.keep { resize(to: 4096) }
        return result
    }

    private mutating func append(_ value: SQLValue, _ end: inout Int) {
        let start = memory.baseAddress?.advanced(by: end).assumingMemoryBound(to: CChar.self)
        switch value {
        case .null:
            pointers.append(nil)
            lengths.append(0)
            formats.append(0)
        case .text(var text):
            let count = text.withUTF8 { utf8 in
                UnsafeMutableRawBufferPointer(rebasing: memory[end...]).copyMemory(from: UnsafeRawBufferPointer(utf8))
                return utf8.count
            }
            memory[end + count] = 0
            end += count + 1
            pointers.append(UnsafePointer(start))
            lengths.append(CInt(count))
            formats.append(0)
        case .bytes(let bytes):
            UnsafeMutableRawBufferPointer(rebasing: memory[end...]).copyBytes(from: bytes)
            end += bytes.count + 1
            pointers.append(UnsafePointer(start))
            lengths.append(CInt(bytes.count))
            formats.append(1)
        }
    }

    private mutating func resize(to count: Int) {
        memory.deallocate()
        memory = .allocate(byteCount: count, alignment: 1)
    }
}

extension SQLValue {
    /// How many bytes it takes in memory, a NUL at the end included.
    fileprivate var room: Int {
        switch self {
        case .null: 0
        case .text(let text): text.utf8.count + 1
        case .bytes(let bytes): bytes.count + 1
        }
    }
}

extension SQL {
    /// Throws for what the protocol cannot carry: a NUL would silently end a text, for C, where it stands.
    func checkFormat() throws(PostgresError) {
        guard values.count <= Parameters.most else { throw .unexpected("A statement has \(values.count) values; \(Parameters.most) fit.") }
        for value in values {
            switch value {
            case .null: break
            case .text(let text): if text.containsNUL { throw .unexpected("A text value contains a NUL character.") }
            case .bytes(let bytes): if bytes.count > Int(CInt.max) / 2 { throw .unexpected("A value is too long.") }
            }
        }
        for piece in pieces where piece.containsNUL { throw .unexpected("A statement contains a NUL character.") }
    }
}

extension String {
    /// Whether C would see the text end early.
    fileprivate var containsNUL: Bool {
        var text = self
        return text.withUTF8 { utf8 in utf8.baseAddress.map { memchr($0, 0, utf8.count) != nil } ?? false }
    }
}
