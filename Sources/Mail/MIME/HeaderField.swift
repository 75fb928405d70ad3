/// One header line, kept as words: a line break can only stand between two of them, and every word has been made of checked or encoded text.
struct HeaderField: Equatable {
    let name: String
    /// Visible ASCII without spaces, and therefore without CR, LF and NUL; only a date has spaces of its own.
    let words: [String]

    init(_ name: String, _ words: [String]) {
        // What people write has been encoded long before; this is the last door.
        precondition(words.allSatisfy { $0.utf8.allSatisfy { (0x20...0x7E).contains($0) } }, "\(name) holds what no header may hold")
        self.name = name
        self.words = words
    }

    /// A name and an address: `"Keller, Anna" <anna@example.com>`.
    static func words(of mailbox: Mailbox) -> [String] {
        guard let name = mailbox.name else { return [mailbox.address] }
        return phrase(name) + ["<\(mailbox.address)>"]
    }

    /// Free text, as in Subject.
    static func words(of text: String) -> [String] {
        let line = OneLine.of(text)
        let words = line.split(separator: " ").map(String.init)
        return words.allSatisfy(isPlain) ? words : EncodedWord.words(of: line)
    }

    private static func phrase(_ name: String) -> [String] {
        let words = name.split(separator: " ").map(String.init)
        guard name.utf8.count <= 60, words.allSatisfy(isPlain) else { return EncodedWord.words(of: name) }
        if words.allSatisfy({ $0.utf8.allSatisfy { Characters.isAtom($0) } }) { return words }
        return ["\"" + name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""]
    }

    /// Whether a word can stand as it is: short visible ASCII that nobody takes for an encoded word.
    private static func isPlain(_ word: String) -> Bool {
        word.utf8.count <= 60 && word.utf8.allSatisfy(Characters.isVisible) && !word.contains("=?") && !word.contains("?=")
    }

    /// With its line breaks: none before the first word, so that no line consists of white space only.
    var lines: String {
        var text = name + ":"
        var length = text.utf8.count
        for (place, word) in words.enumerated() {
            let isTooLong = place > 0 && length + 1 + word.utf8.count > 78
            text += isTooLong ? "\r\n \(word)" : " \(word)"
            length = isTooLong ? 1 + word.utf8.count : length + 1 + word.utf8.count
        }
        return text + "\r\n"
    }
}
