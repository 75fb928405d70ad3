/// How the characters of an uploaded file are written.
package enum TextEncoding: String, Sendable, Hashable, CaseIterable {
    case utf8 = "utf-8"
    case utf16LittleEndian = "utf-16le"
    case utf16BigEndian = "utf-16be"
    /// Also for GBK and GB2312, which are parts of it.
    case gb18030
    /// Also for ISO 8859-1, which is a part of it but for control characters that no table has.
    case windows1252 = "windows-1252"

    /// By one of the names that people and programs use; nil for any other. `utf-16` alone leaves the order of bytes to the file.
    package init?(name: String, sample: ArraySlice<UInt8> = []) {
        switch name.lowercased().replacing("_", with: "-") {
        case "utf-8", "utf8": self = .utf8
        case "utf-16", "utf16": self = Self.utf16(sample) ?? .utf16LittleEndian
        case "utf-16le", "utf16le": self = .utf16LittleEndian
        case "utf-16be", "utf16be": self = .utf16BigEndian
        case "gb18030", "gbk", "gb2312", "cp936": self = .gb18030
        case "windows-1252", "cp1252", "latin1", "iso-8859-1": self = .windows1252
        default: return nil
        }
    }

    /// What `options.encoding` may say.
    package static let names = ["utf-8", "utf-16", "utf-16le", "utf-16be", "gbk", "gb18030", "windows-1252"]

    /// What a file that begins so is most likely written in.
    package static func detected(in sample: ArraySlice<UInt8>) -> TextEncoding {
        if sample.starts(with: [0xEF, 0xBB, 0xBF]) { return .utf8 }
        if let wide = utf16(sample) { return wide }
        // A character that the end of the sample has cut in two is no error.
        if (0...3).contains(where: { isUTF8(sample.dropLast($0)) }) { return .utf8 }
        return hasPairs(sample) ? .gb18030 : .windows1252
    }

    private static func isUTF8(_ bytes: ArraySlice<UInt8>) -> Bool { String(validating: bytes, as: UTF8.self) != nil }

    /// By the mark at the beginning, or by the zeros that half of the bytes of plain letters are.
    private static func utf16(_ sample: ArraySlice<UInt8>) -> TextEncoding? {
        if sample.starts(with: [0xFF, 0xFE]) { return .utf16LittleEndian }
        if sample.starts(with: [0xFE, 0xFF]) { return .utf16BigEndian }
        var zeros = (even: 0, odd: 0)
        for (place, byte) in sample.enumerated() where byte == 0 {
            if place.isMultiple(of: 2) { zeros.even += 1 } else { zeros.odd += 1 }
        }
        // A tenth of a table is delimiters, digits and line ends, whatever its language.
        if zeros.odd * 20 > sample.count, zeros.even * 10 < zeros.odd { return .utf16LittleEndian }
        if zeros.even * 20 > sample.count, zeros.odd * 10 < zeros.even { return .utf16BigEndian }
        return nil
    }

    /// Chinese characters are pairs of bytes, mostly both high; in Western text a high byte stands alone between plain letters.
    private static func hasPairs(_ sample: ArraySlice<UInt8>) -> Bool {
        var (pairs, single, length) = (0, 0, 0)
        for byte in sample {
            if byte >= 0x80 {
                length += 1
                continue
            }
            if length == 1 { single += 1 } else if length > 1 { pairs += length / 2 }
            length = 0
        }
        return pairs + length / 2 > single
    }
}
