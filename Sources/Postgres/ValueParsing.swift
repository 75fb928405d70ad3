import Foundation

/// The server's text format of single values, read byte by byte (PostgreSQL manual 8): no String is made on the way.
enum ValueParsing {
    static func int(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var digits = bytes[...]
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative { digits.removeFirst() }
        guard !digits.isEmpty else { return nil }
        var value = 0
        for byte in digits {
            guard let digit = decimal(byte) else { return nil }
            // Downwards, since the smallest number has no positive twin.
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowing) = tens.subtractingReportingOverflow(digit)
            guard !overflow && !overflowing else { return nil }
            value = sum
        }
        if isNegative { return value }
        return value == .min ? nil : -value
    }

    static func bool(_ bytes: UnsafeRawBufferPointer) -> Bool? {
        guard bytes.count == 1 else { return nil }
        return switch bytes[0] {
        case UInt8(ascii: "t"): true
        case UInt8(ascii: "f"): false
        default: nil
        }
    }

    static func uuid(_ bytes: UnsafeRawBufferPointer) -> UUID? {
        guard bytes.count == 36 else { return nil }
        var raw: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        let isRead = withUnsafeMutableBytes(of: &raw) { raw in
            var position = 0
            for index in 0..<16 {
                if index == 4 || index == 6 || index == 8 || index == 10 {
                    guard bytes[position] == UInt8(ascii: "-") else { return false }
                    position += 1
                }
                guard let high = hexadecimal(bytes[position]), let low = hexadecimal(bytes[position + 1]) else { return false }
                raw[index] = high << 4 | low
                position += 2
            }
            return true
        }
        return isRead ? UUID(uuid: raw) : nil
    }

    static func bytes(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        guard bytes.count >= 2, bytes.count % 2 == 0, bytes[0] == UInt8(ascii: "\\"), bytes[1] == UInt8(ascii: "x") else { return nil }
        var raw: [UInt8] = []
        raw.reserveCapacity(bytes.count / 2 - 1)
        for position in stride(from: 2, to: bytes.count, by: 2) {
            guard let high = hexadecimal(bytes[position]), let low = hexadecimal(bytes[position + 1]) else { return nil }
            raw.append(high << 4 | low)
        }
        return raw
    }

    /// `2026-11-22 09:30:00.123456+01`, `+05:30` and, for times before railways, `-00:01:15`. Neither infinity nor years BC.
    static func date(_ bytes: UnsafeRawBufferPointer) -> Date? {
        var cursor = Cursor(bytes: bytes)
        guard let year = cursor.number(), cursor.skip("-"), let month = cursor.number(), cursor.skip("-"), let day = cursor.number(),
            cursor.skip(" ") || cursor.skip("T"),
            let hour = cursor.number(), cursor.skip(":"), let minute = cursor.number(), cursor.skip(":"), let second = cursor.number()
        else { return nil }
        var fraction = 0.0
        if cursor.skip(".") {
            let start = cursor.position
            guard let digits = cursor.number() else { return nil }
            fraction = Double(digits) / pow(10, Double(cursor.position - start))
        }
        let isWest = cursor.skip("-")
        guard isWest || cursor.skip("+"), let offsetHours = cursor.number() else { return nil }
        var offset = offsetHours * 3600
        for unit in [60, 1] where cursor.skip(":") {
            guard let part = cursor.number() else { return nil }
            offset += part * unit
        }
        guard cursor.isAtEnd else { return nil }
        let seconds = days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second + (isWest ? offset : -offset)
        return Date(timeIntervalSinceReferenceDate: Double(seconds - 978_307_200) + fraction)
    }

    /// Days from 1970-01-01 in the Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date algorithms").
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func decimal(_ byte: UInt8) -> Int? {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") ? Int(byte - UInt8(ascii: "0")) : nil
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// A reading position in the bytes of a value.
    private struct Cursor {
        let bytes: UnsafeRawBufferPointer
        var position = 0

        var isAtEnd: Bool { position == bytes.count }

        mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
            guard position < bytes.count, UInt32(bytes[position]) == scalar.value else { return false }
            position += 1
            return true
        }

        mutating func number() -> Int? {
            let start = position
            var value = 0
            while position < bytes.count, position - start < 10, let digit = ValueParsing.decimal(bytes[position]) {
                value = value * 10 + digit
                position += 1
            }
            return position > start ? value : nil
        }
    }
}
