/// Characters of a template with the place of each.
struct TemplateText {
    private let characters: ArraySlice<Character>
    private let start: TemplatePosition
    private var index: Int
    private(set) var position: TemplatePosition

    init(_ text: some StringProtocol, at position: TemplatePosition) {
        characters = Array(text)[...]
        index = 0
        start = position
        self.position = position
    }

    var isAtEnd: Bool { index == characters.endIndex }

    func begins(with text: String) -> Bool { characters[index...].starts(with: text) }

    mutating func take() -> Character? {
        guard index < characters.endIndex else { return nil }
        let character = characters[index]
        index += 1
        if character.isNewline {
            position.line += 1
            position.column = 1
        } else {
            position.column += 1
        }
        return character
    }

    mutating func skip(_ text: String) {
        for _ in text { _ = take() }
    }

    /// Everything up to `end`, which is taken too; nil when it does not come.
    mutating func take(until end: String) -> String? {
        var ahead = self
        var text = ""
        while !ahead.isAtEnd {
            if ahead.begins(with: end) {
                ahead.skip(end)
                self = ahead
                return text
            }
            if let character = ahead.take() { text.append(character) }
        }
        return nil
    }

    /// The tag that begins here.
    mutating func takeTag() throws(TemplateFault) -> TemplateTag {
        let place = position
        skip("{{")
        guard let text = take(until: begins(with: "{") ? "}}}" : "}}") else { throw place.fault("This `{{` has no `}}`.") }
        return try TemplateTag(text, at: place)
    }
}
