import Foundation

/// The name of a host or of a mail domain.
enum DomainName {
    /// In lower case, letters beyond ASCII in their ASCII form (`xn--...`, IDNA). Refuses what is no domain name, in words.
    static func ascii(_ text: String) throws(MailRefusal) -> String {
        let ascii = text.utf8.allSatisfy { $0 < 0x80 } ? text.lowercased() : try encoded(text)
        let labels = ascii.split(separator: ".", omittingEmptySubsequences: false)
        guard ascii.utf8.count <= 253, labels.allSatisfy(isLabel) else {
            throw MailRefusal("What stands behind the `@` is a domain such as example.com.")
        }
        return ascii
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
            && label.utf8.allSatisfy(Characters.isLetterDigitHyphen)
    }

    /// Each label in its composed form and lower case, as registries write them. (Foundation on Linux has no IDNA; libcurl's depends on the
    /// locale of the process.)
    private static func encoded(_ text: String) throws(MailRefusal) -> String {
        let labels = text.lowercased().precomposedStringWithCompatibilityMapping
            .split(omittingEmptySubsequences: false) { $0 == "." || $0 == "\u{3002}" }
        var ascii: [String] = []
        for label in labels {
            let isWord = label.unicodeScalars.allSatisfy { $0.isASCII || $0.properties.isXIDContinue }
            let isPlain = label.utf8.allSatisfy { $0 < 0x80 }
            guard isWord, let code = isPlain ? String(label) : Punycode.encode(String(label)).map({ "xn--" + $0 }) else {
                throw MailRefusal("What stands behind the `@` is a domain such as example.com.")
            }
            ascii.append(code)
        }
        return ascii.joined(separator: ".")
    }
}
