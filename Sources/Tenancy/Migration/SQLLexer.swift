import Foundation

/// Reads a script as PostgreSQL's own scanner does (manual 4.1), as far as words, texts and comments go.
struct SQLLexer {
    private let script: [UInt8]
    private var place = 0

    init(_ script: String) {
        self.script = Array(script.utf8)
    }

    mutating func statements() -> [SQLStatement] {
        var statements: [SQLStatement] = []
        var tokens: [String] = []
        var comments: [String] = []
        var start: Int?
        var end = 0
        func finish() {
            if let start {
                let text = String(decoding: script[start..<end], as: UTF8.self)
                statements.append(SQLStatement(text: text, tokens: tokens, comments: comments))
            }
            (tokens, comments, start) = ([], [], nil)
        }
        while place < script.count {
            let before = place
            switch next() {
            case .space: continue
            case .comment(let text): comments.append(text)
            case .end: finish()
            case .token(let token):
                tokens.append(token)
                start = start ?? before
                end = place
            }
        }
        finish()
        return statements
    }

    private enum Lexeme {
        case space
        case comment(String)
        case token(String)
        case end
    }

    private mutating func next() -> Lexeme {
        let byte = script[place]
        switch byte {
        case _ where byte.isSpace:
            place += 1
            return .space
        case UInt8(ascii: "-") where peek(1) == UInt8(ascii: "-"): return .comment(lineComment())
        case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"): return .comment(blockComment())
        case UInt8(ascii: "'"):
            quoted(by: byte, backslashEscapes: false)
            return .token("'")
        case UInt8(ascii: "\""):
            let name = quoted(by: byte, backslashEscapes: false)
            return .token("\"" + name)
        case UInt8(ascii: "$"):
            if dollarQuoted() { return .token("'") }
            place += 1
            return .token("$")
        case UInt8(ascii: ";"):
            place += 1
            return .end
        case _ where byte.startsWord: return .token(word())
        default:
            place += 1
            return .token(String(decoding: [byte], as: UTF8.self))
        }
    }

    private func peek(_ distance: Int) -> UInt8? {
        place + distance < script.count ? script[place + distance] : nil
    }

    private mutating func lineComment() -> String {
        let start = place + 2
        while place < script.count, script[place] != UInt8(ascii: "\n") { place += 1 }
        return String(decoding: script[start..<place], as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// These nest.
    private mutating func blockComment() -> String {
        let start = place + 2
        var depth = 0
        repeat {
            if script[place] == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                depth += 1
                place += 2
            } else if script[place] == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
                depth -= 1
                place += 2
            } else {
                place += 1
            }
        } while depth > 0 && place < script.count
        return String(decoding: script[start..<max(start, place - 2)], as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Moves behind a text or name; a doubled quote is part of it. Answers with what is inside.
    @discardableResult
    private mutating func quoted(by quote: UInt8, backslashEscapes: Bool) -> String {
        var content: [UInt8] = []
        place += 1
        while place < script.count {
            let byte = script[place]
            if backslashEscapes && byte == UInt8(ascii: "\\") {
                place += 2
                continue
            }
            place += 1
            if byte == quote {
                guard place < script.count, script[place] == quote else { break }
                place += 1
            }
            content.append(byte)
        }
        place = min(place, script.count)
        return String(decoding: content, as: UTF8.self)
    }

    /// `$$ ... $$` or `$body$ ... $body$`; false when the sign means something else.
    private mutating func dollarQuoted() -> Bool {
        var close = place + 1
        while close < script.count, script[close].continuesWord, script[close] != UInt8(ascii: "$") { close += 1 }
        guard close < script.count, script[close] == UInt8(ascii: "$"), peek(1).map({ !$0.isDigit }) ?? false else { return false }
        let tag = script[place...close]
        var scan = close + 1
        while scan + tag.count <= script.count {
            if script[scan..<(scan + tag.count)].elementsEqual(tag) {
                place = scan + tag.count
                return true
            }
            scan += 1
        }
        place = script.count
        return true
    }

    private mutating func word() -> String {
        let start = place
        while place < script.count, script[place].continuesWord { place += 1 }
        let word = String(decoding: script[start..<place], as: UTF8.self).lowercased()
        guard word == "e", place < script.count, script[place] == UInt8(ascii: "'") else { return word }
        quoted(by: UInt8(ascii: "'"), backslashEscapes: true)
        return "'"
    }
}

extension UInt8 {
    fileprivate var isSpace: Bool { self == 32 || (9...13).contains(self) }
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    fileprivate var startsWord: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
            || self == UInt8(ascii: "_") || self >= 0x80 || isDigit
    }
    fileprivate var continuesWord: Bool { startsWord || self == UInt8(ascii: "$") }
}
