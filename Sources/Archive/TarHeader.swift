/// The 512 bytes before each file of a tar archive (POSIX.1-1988, "ustar"): what tar, libarchive and Python's tarfile open.
struct TarHeader {
    static let blockSize = 512

    /// Plain ASCII of at most 100 bytes, no longer than the field it stands in.
    let name: String
    let size: Int
    /// Seconds since 1970.
    let time: Int

    var bytes: [UInt8] {
        var block = [UInt8](repeating: 0, count: Self.blockSize)
        func put(_ text: String, at place: Int) {
            for (index, byte) in text.utf8.enumerated() { block[place + index] = byte }
        }
        put(name, at: 0)
        put("0000600\0", at: 100)
        put("0000000\0", at: 108)
        put("0000000\0", at: 116)
        if size < Self.mostOctal {
            put(Self.octal(size, digits: 11) + "\0", at: Self.sizePlace)
        } else {
            // From 8 GiB on as GNU tar, libarchive and Python write it: eight bytes in the order of the network behind a mark.
            block[Self.sizePlace] = Self.binaryMark
            for index in 0..<8 { block[Self.sizePlace + 11 - index] = UInt8(truncatingIfNeeded: size >> (8 * index)) }
        }
        put(Self.octal(time, digits: 11) + "\0", at: 136)
        put("        ", at: Self.sumPlace)
        put("0", at: Self.kindPlace)
        put("ustar\u{0}00", at: Self.magicPlace)
        put(Self.octal(Self.sum(of: block), digits: 6) + "\0 ", at: Self.sumPlace)
        return block
    }

    init(name: String, size: Int, time: Int) {
        (self.name, self.size, self.time) = (name, size, time)
    }

    /// Throws `.damaged` for what is no header of an ordinary file.
    init(reading block: [UInt8]) throws(TarError) {
        var unsummed = block
        for place in Self.sumPlace..<Self.sumPlace + 8 { unsummed[place] = UInt8(ascii: " ") }
        guard Self.number(block[Self.sumPlace..<Self.sumPlace + 8]) == Self.sum(of: unsummed) else {
            throw .damaged("A header's checksum is wrong.")
        }
        guard Array(block[Self.magicPlace..<Self.magicPlace + 5]) == Array("ustar".utf8) else {
            throw .damaged("This is no ustar archive.")
        }
        guard block[Self.kindPlace] == UInt8(ascii: "0") || block[Self.kindPlace] == 0 else {
            throw .damaged("It holds something that is no ordinary file.")
        }
        guard let size = Self.number(block[Self.sizePlace..<Self.sizePlace + 12]), let time = Self.number(block[136..<148]) else {
            throw .damaged("A header's numbers cannot be read.")
        }
        self.init(name: String(decoding: block[0..<100].prefix { $0 != 0 }, as: UTF8.self), size: size, time: time)
    }

    private static let sizePlace = 124
    private static let sumPlace = 148
    private static let kindPlace = 156
    private static let magicPlace = 257
    /// What eleven octal digits do not hold any more.
    private static let mostOctal = 1 << 33
    private static let binaryMark: UInt8 = 0x80

    private static func octal(_ number: Int, digits: Int) -> String {
        let text = String(number, radix: 8)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    private static func number(_ field: ArraySlice<UInt8>) -> Int? {
        if field.first == binaryMark {
            let number = field.dropFirst().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return field.dropFirst().dropLast(8).allSatisfy { $0 == 0 } ? Int(exactly: number) : nil
        }
        let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix { (0x30...0x37).contains($0) }
        return Int(String(decoding: digits, as: UTF8.self), radix: 8)
    }

    private static func sum(of block: [UInt8]) -> Int { block.reduce(0) { $0 + Int($1) } }
}

/// Why an archive cannot be read.
package enum TarError: Error, Sendable, Equatable {
    case damaged(String)
    /// It ends in the middle.
    case cutShort
    /// The file of this name has more bytes than anyone may expect.
    case tooLarge(String)
}
