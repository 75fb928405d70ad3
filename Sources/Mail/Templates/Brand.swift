import Foundation

/// How a firm's mails look: its name, its colour and its logo.
package struct Brand: Sendable, Hashable {
    package var name: String
    package var colour: BrandColour
    /// Nil: its name stands there.
    package var logo: Logo?

    package enum Logo: Sendable, Hashable {
        /// It travels within the mail.
        case within
        /// The reader's program fetches it from an address.
        case onTheWeb(String)
    }

    package init(name: String, colour: BrandColour = .standard, logo: Logo? = nil) {
        self.name = name
        self.colour = colour
        self.logo = logo
    }
}

/// A colour of buttons and links, in mails and pages: `#1f6feb`.
package struct BrandColour: Sendable, Hashable {
    package static let standard = BrandColour(red: 0x1F, green: 0x5F, blue: 0xBF)

    private let red: UInt8
    private let green: UInt8
    private let blue: UInt8

    /// Nil for text of another form than `#` and six hexadecimal digits.
    package init?(_ text: String) {
        guard text.utf8.count == 7, text.first == "#", text.dropFirst().allSatisfy({ $0.isHexDigit && $0.isASCII }),
            let number = UInt32(text.dropFirst(), radix: 16)
        else { return nil }
        self.init(
            red: UInt8(truncatingIfNeeded: number >> 16), green: UInt8(truncatingIfNeeded: number >> 8),
            blue: UInt8(truncatingIfNeeded: number))
    }

    private init(red: UInt8, green: UInt8, blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    package var text: String {
        "#" + [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Black or white, whichever is read better upon it (WCAG 2.2, contrast ratio).
    package var contrast: String { (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) ? "#000000" : "#ffffff" }

    /// Itself where it can be read on white (4.5 : 1), otherwise the standard colour.
    package var link: String { 1.05 / (luminance + 0.05) >= 4.5 ? text : Self.standard.text }

    private var luminance: Double {
        func linear(_ part: UInt8) -> Double {
            let share = Double(part) / 255
            return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
        }
        return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }
}
