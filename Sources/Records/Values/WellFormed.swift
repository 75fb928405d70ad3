import Foundation
import Recurrence

/// RFC 5321 addresses as people have them: one `@`, a dot-atom before it, a domain behind it.
package enum EmailAddress {
    package static func isWellFormed(_ text: String) -> Bool {
        guard text.utf8.count <= 254, let at = text.lastIndex(of: "@") else { return false }
        let local = text[..<at]
        guard !local.isEmpty, local.utf8.count <= 64, local.first != ".", local.last != ".", !local.contains("..") else { return false }
        let isAtom = local.unicodeScalars.allSatisfy { scalar in
            scalar.value > 127
                ? !scalar.properties.isWhitespace && scalar.properties.generalCategory != .control
                    && scalar.properties.generalCategory != .format
                : scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || "!#$%&'*+-/=?^_`{|}~.".unicodeScalars.contains(scalar)
        }
        return isAtom && DomainName.isWellFormed(String(text[text.index(after: at)...]))
    }
}

/// A host name of at least two labels (RFC 1123), international ones in either form.
package enum DomainName {
    package static func isWellFormed(_ text: String) -> Bool {
        guard text.utf8.count <= 253 else { return false }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2, let top = labels.last, !top.allSatisfy(\.isNumber) else { return false }
        return labels.allSatisfy { label in
            !label.isEmpty && label.utf8.count <= 63 && label.first != "-" && label.last != "-"
                && label.unicodeScalars.allSatisfy { $0 == "-" || $0.properties.isAlphabetic || $0.properties.numericType != nil }
        }
    }
}

/// A language tag by its form (BCP 47): a primary language and subtags.
package enum LanguageTag {
    package static func isWellFormed(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard let language = parts.first, (2...8).contains(language.count), language.allSatisfy({ $0.isASCII && $0.isLetter }) else {
            return false
        }
        return parts.dropFirst().allSatisfy { (1...8).contains($0.count) && $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) } }
    }
}

/// A country's two letters (ISO 3166-1), in either case.
package enum Country {
    private static let known = Set(Locale.Region.isoRegions.map(\.identifier).filter { $0.count == 2 && $0.allSatisfy(\.isLetter) })

    package static func isKnown(_ code: String) -> Bool { known.contains(code.uppercased()) }
}

/// An instant as RFC 3339 writes it, with its offset.
package enum Timestamp {
    /// The text as PostgreSQL reads it; nil when it is no RFC 3339 time or does not exist.
    package static func normalised(_ text: String) -> String? {
        var bytes = Array(text.utf8)
        guard bytes.count >= 20, CivilDate.isWellFormed(String(decoding: bytes[0..<10], as: UTF8.self)),
            bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: "t"), bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":"),
            let hour = CivilDate.digits(bytes[11..<13]), let minute = CivilDate.digits(bytes[14..<16]),
            let second = CivilDate.digits(bytes[17..<19]), hour < 24, minute < 60, second < 60
        else { return nil }
        var position = 19
        if bytes[position] == UInt8(ascii: ".") {
            let start = position + 1
            position = start
            while position < bytes.count, CivilDate.digits(bytes[position..<position + 1]) != nil { position += 1 }
            guard position > start, position - start <= 9 else { return nil }
        }
        let zone = bytes[position...]
        if zone.count == 1, let letter = zone.first, letter == UInt8(ascii: "Z") || letter == UInt8(ascii: "z") {
            bytes[bytes.count - 1] = UInt8(ascii: "Z")
        } else {
            guard zone.count == 6, let sign = zone.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
                bytes[position + 3] == UInt8(ascii: ":"), let hours = CivilDate.digits(bytes[position + 1..<position + 3]),
                let minutes = CivilDate.digits(bytes[position + 4..<position + 6]), hours < 16, minutes < 60
            else { return nil }
        }
        bytes[10] = UInt8(ascii: "T")
        return String(decoding: bytes, as: UTF8.self)
    }
}
