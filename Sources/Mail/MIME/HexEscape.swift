/// `=C3`, as quoted-printable and encoded words write a byte.
enum HexEscape {
    static func of(_ byte: UInt8) -> String { table[Int(byte)] }

    private static let table: [String] = (0...255).map { byte in
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.utf8.count == 1 ? "=0" + digits : "=" + digits
    }
}
