import Records
import Secrets

/// Replaces what people are called and what they wrote by something that looks alike and says nothing: letters become other letters of
/// their kind, digits other digits; spaces, signs and lengths stay.
///
/// The same text becomes the same disguise wherever it stands, so that what belonged together still does; two texts never become one, so
/// that what was unique still is (for up to sixty-four characters; beyond that they would have to collide by chance). Nobody without the
/// key finds the way back.
struct Disguise: Sendable {
    private let key: [UInt8]

    init(key: [UInt8]) { self.key = key }

    /// Any words.
    func text(_ text: String) -> String {
        var letters: [Glyph] = []
        var scalars: [Unicode.Scalar] = []
        var places: [Int] = []
        for scalar in text.unicodeScalars {
            if let letter = Glyph(scalar) {
                places.append(scalars.count)
                letters.append(letter)
            }
            scalars.append(scalar)
        }
        if letters.count <= Self.exact { shuffle(&letters) } else { blur(&letters, text) }
        for (place, letter) in zip(places, letters) { scalars[place] = letter.scalar }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: scalars)
        return String(result)
    }

    /// An address at a domain that can receive nothing (RFC 2606). In lower case, as addresses are compared.
    func email(_ address: String) -> String {
        let address = address.lowercased()
        guard let at = address.lastIndex(of: "@") else { return text(address) }
        return text(String(address[..<at])) + "@" + domain(String(address[address.index(after: at)...]))
    }

    /// A domain that can never exist.
    func domain(_ name: String) -> String { text(name.lowercased()) + ".example" }

    /// An address of the web: its scheme stays.
    func website(_ address: String) -> String {
        let scheme = address.range(of: "://").map { address[..<$0.upperBound] } ?? ""
        let rest = address[scheme.endIndex...]
        let host = rest.prefix { !"/?#:".contains($0) }
        return scheme + domain(String(host)) + text(String(rest[host.endIndex...]))
    }

    /// Words with tags of a template between them, which stay.
    func template(_ words: String) -> String {
        var (result, rest) = ("", words[...])
        while let open = rest.range(of: "{{") {
            result += text(String(rest[..<open.lowerBound]))
            guard let close = rest[open.upperBound...].range(of: "}}") else { return result + String(rest[open.lowerBound...]) }
            result += rest[open.lowerBound..<close.upperBound]
            rest = rest[close.upperBound...]
        }
        return result + text(String(rest))
    }

    /// Every text in a document that names no thing of ours: addresses as such, the rest as words.
    func document(_ document: JSON) -> JSON {
        switch document {
        case .string(let text): .string(text.contains("@") ? email(text) : self.text(text))
        case .array(let elements): .array(elements.map(self.document))
        case .object(let members): .object(members.map { .init($0.name, self.document($0.value)) })
        default: document
        }
    }

    /// Up to so many letters no two texts become one.
    private static let exact = 64

    /// A Feistel network over the letters in even and in odd places: each round can be undone by the key's holder, so no two texts of the
    /// same form meet.
    private func shuffle(_ letters: inout [Glyph]) {
        for round in 0..<6 {
            let parity = round % 2
            var message: [UInt8] = [UInt8(round)]
            for place in letters.indices {
                message.append(letters[place].alphabet)
                if place % 2 != parity { withUnsafeBytes(of: letters[place].rank.littleEndian) { message.append(contentsOf: $0) } }
            }
            let seed = Digest.hmac(key: key, message)
            var stream = Stream(seed)
            for place in stride(from: parity, to: letters.count, by: 2) { letters[place].move(by: stream.next()) }
        }
    }

    private func blur(_ letters: inout [Glyph], _ text: String) {
        var stream = Stream(Digest.hmac(key: key, [UInt8(255)] + Array(text.utf8)))
        for place in letters.indices { letters[place].move(by: stream.next()) }
    }

    /// Numbers that follow from a seed and tell nothing about it.
    private struct Stream {
        private let seed: [UInt8]
        private var block: [UInt8]
        private var used = 0
        private var count: UInt32 = 0

        init(_ seed: [UInt8]) { (self.seed, block) = (seed, seed) }

        mutating func next() -> UInt32 {
            if used + 2 > block.count {
                count += 1
                block = Digest.hmac(key: seed, withUnsafeBytes(of: count.littleEndian) { Array($0) })
                used = 0
            }
            defer { used += 2 }
            return UInt32(block[used]) << 8 | UInt32(block[used + 1])
        }
    }
}

/// A letter or digit as its place in the alphabet it belongs to.
private struct Glyph {
    /// Which of `alphabets`.
    let alphabet: UInt8
    private(set) var rank: UInt32

    init?(_ scalar: Unicode.Scalar) {
        guard let index = Self.alphabets.firstIndex(where: { $0.contains(scalar.value) }) else { return nil }
        (alphabet, rank) = (UInt8(index), scalar.value - Self.alphabets[index].lowerBound)
    }

    mutating func move(by steps: UInt32) {
        let size = UInt32(Self.alphabets[Int(alphabet)].count)
        rank = (rank + steps % size) % size
    }

    var scalar: Unicode.Scalar {
        // Each alphabet is a range of assigned letters without surrogates.
        Unicode.Scalar(Self.alphabets[Int(alphabet)].lowerBound + rank) ?? "x"
    }

    /// Unbroken ranges of letters of one kind: Latin, digits, Latin with marks, Greek, Cyrillic, Hebrew, Arabic, Devanagari, Thai, kana, Han,
    /// Hangul. Letters beyond them stay as they are.
    private static let alphabets: [ClosedRange<UInt32>] = [
        0x61...0x7A, 0x41...0x5A, 0x30...0x39, 0xDF...0xF6, 0xF8...0xFF, 0xC0...0xD6, 0xD8...0xDE, 0x100...0x137, 0x139...0x148,
        0x14A...0x17E, 0x3B1...0x3C9, 0x391...0x3A1, 0x430...0x44F, 0x410...0x42F, 0x5D0...0x5EA, 0x621...0x63A, 0x641...0x64A,
        0x905...0x939, 0xE01...0xE2E, 0x3041...0x3096, 0x30A1...0x30FA, 0x4E00...0x9FA5, 0xAC00...0xD7A3,
    ]
}
