/// Reads a body line by line: paragraphs, `# headings`, `- items`, `---`, and sections whose tags stand on lines of their own.
struct BlockParser {
    private let lines: [Substring]
    private var number = 0

    static func parse(_ text: String) throws(TemplateFault) -> [TemplateBlock] {
        var parser = BlockParser(lines: text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" })
        return try parser.run(until: nil)
    }

    private var position: TemplatePosition { TemplatePosition(part: .body, line: number + 1, column: 1) }

    private mutating func run(until section: TemplateName?) throws(TemplateFault) -> [TemplateBlock] {
        var blocks: [TemplateBlock] = []
        while number < lines.count {
            let line = lines[number]
            if let tag = try standaloneTag(line) {
                number += 1
                switch tag {
                case .open(let name, let isInverted): blocks.append(.section(name, isInverted: isInverted, try run(until: name)))
                case .close(let name):
                    guard let section, section.text == name.text else {
                        throw name.position.fault("{{/\(name.text)}} closes nothing that is open here.")
                    }
                    return blocks
                case .variable, .comment: break
                }
            } else if let block = try block(line) {
                blocks.append(block)
            } else {
                number += 1
            }
        }
        if let section { throw section.position.fault("{{#\(section.text)}} is not closed: write {{/\(section.text)}}.") }
        return blocks
    }

    /// Nil for an empty line.
    private mutating func block(_ line: Substring) throws(TemplateFault) -> TemplateBlock? {
        if isBlank(line) { return nil }
        if line.drop(while: \.isWhitespace).allSatisfy({ $0 == "-" }), line.count(where: { $0 == "-" }) >= 3 {
            number += 1
            return .rule
        }
        let begin = position
        if let mark = Self.marks.first(where: line.hasPrefix) {
            number += 1
            var words = String(line.dropFirst(mark.count))
            // Lines that are set in belong to the item.
            while mark == "- ", number < lines.count, lines[number].hasPrefix("  "), try continuesParagraph(lines[number]) {
                words += "\n" + lines[number].dropFirst(2)
                number += 1
            }
            let start = TemplatePosition(part: .body, line: begin.line, column: mark.count + 1)
            let inlines = try InlineParser.parse(words, at: start)
            return mark == "- " ? .item(inlines) : .heading(inlines)
        }
        var words = String(line)
        number += 1
        while number < lines.count, try continuesParagraph(lines[number]) {
            words += "\n" + lines[number]
            number += 1
        }
        return .paragraph(try InlineParser.parse(words, at: begin))
    }

    private func continuesParagraph(_ line: Substring) throws(TemplateFault) -> Bool {
        guard !isBlank(line), !Self.marks.contains(where: line.hasPrefix) else { return false }
        return try standaloneTag(line) == nil
    }

    private func isBlank(_ line: Substring) -> Bool { line.allSatisfy(\.isWhitespace) }

    /// The tag of a line on which nothing else stands, unless it is a variable.
    private func standaloneTag(_ line: Substring) throws(TemplateFault) -> TemplateTag? {
        let start = line.prefix(while: \.isWhitespace).count
        let words = line.dropFirst(start)
        guard words.hasPrefix("{{"), let sign = words.dropFirst(2).first, "#^/!".contains(sign) else { return nil }
        var place = position
        place.column = start + 1
        var text = TemplateText(words, at: place)
        let tag = try text.takeTag()
        while text.begins(with: " ") { text.skip(" ") }
        return text.isAtEnd ? tag : nil
    }

    private static let marks = ["### ", "## ", "# ", "- "]
}
