import Foundation

extension UUID {
    /// In lower case with hyphens, as it stands in addresses, answers and statements (RFC 9562, 4).
    ///
    /// Foundation writes and reads it with `snprintf` and `sscanf`, which took a fortieth of the time of reading a record.
    package var text: String {
        withUnsafeBytes(of: uuid) { raw in
            String(unsafeUninitializedCapacity: 36) { text in
                var place = 0
                for (index, byte) in raw.enumerated() {
                    if index == 4 || index == 6 || index == 8 || index == 10 {
                        text[place] = UInt8(ascii: "-")
                        place += 1
                    }
                    text[place] = Self.digit(byte >> 4)
                    text[place + 1] = Self.digit(byte & 15)
                    place += 2
                }
                return place
            }
        }
    }

    /// Nil for what is no UUID of 36 characters, in whatever case.
    package init?(text: String) {
        var text = text
        guard let id = text.withUTF8({ ValueParsing.uuid(UnsafeRawBufferPointer($0)) }) else { return nil }
        self = id
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
    }
}
