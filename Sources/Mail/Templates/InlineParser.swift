/// Reads what stands within lines: text, tags, `**strong**` and `[links](https://...)`.
struct InlineParser {
    private var text: TemplateText
    /// A subject has no marks, only tags.
    private let hasMarks: Bool

    static func parse(_ text: some StringProtocol, at position: TemplatePosition, hasMarks: Bool = true) throws(TemplateFault)
        -> [TemplateInline]
    {
        var parser = InlineParser(text: TemplateText(text, at: position), hasMarks: hasMarks)
        return try parser.run(until: nil)
    }

    private enum End {
        case section(TemplateName)
        case mark(String, TemplatePosition)
    }

    private mutating func run(until end: End?) throws(TemplateFault) -> [TemplateInline] {
        var inlines: [TemplateInline] = []
        var plain = ""
        func flushed() -> [TemplateInline] { plain.isEmpty ? inlines : inlines + [.text(plain)] }
        while !text.isAtEnd {
            if case .mark(let mark, _) = end, text.begins(with: mark) {
                text.skip(mark)
                return flushed()
            }
            let place = text.position
            if text.begins(with: "{{") {
                let tag = try text.takeTag()
                if case .close(let name) = tag {
                    guard case .section(let open) = end, open.text == name.text else {
                        throw place.fault("{{/\(name.text)}} closes nothing that is open here.")
                    }
                    return flushed()
                }
                guard let inline = try inline(of: tag) else { continue }
                inlines = flushed() + [inline]
                plain = ""
            } else if hasMarks, text.begins(with: "**") {
                text.skip("**")
                inlines = flushed() + [.strong(try run(until: .mark("**", place)))]
                plain = ""
            } else if hasMarks, text.begins(with: "["), let link = try link(at: place) {
                inlines = flushed() + [link]
                plain = ""
            } else {
                if hasMarks, ["\\*", "\\[", "\\]", "\\\\", "\\#", "\\-", "\\{"].contains(where: text.begins) { text.skip("\\") }
                if let character = text.take() { plain.append(character) }
            }
        }
        switch end {
        case .section(let name): throw name.position.fault("{{#\(name.text)}} is not closed in its paragraph: write {{/\(name.text)}}.")
        case .mark(let mark, let place): throw place.fault("This `\(mark == "]" ? "[" : mark)` is not closed.")
        case nil: return flushed()
        }
    }

    private mutating func inline(of tag: TemplateTag) throws(TemplateFault) -> TemplateInline? {
        switch tag {
        case .variable(let name): .variable(name)
        case .open(let name, let isInverted): .section(name, isInverted: isInverted, try run(until: .section(name)))
        case .close, .comment: nil
        }
    }

    /// `[label](target)`; nil, and nothing taken, for a bracket that is only a bracket.
    private mutating func link(at place: TemplatePosition) throws(TemplateFault) -> TemplateInline? {
        var ahead = text
        guard let rest = ahead.take(until: "]("), !rest.contains("\n") else { return nil }
        text.skip("[")
        let label = try run(until: .mark("]", place))
        guard text.begins(with: "(") else { throw place.fault("A link is written [words](https://...).") }
        text.skip("(")
        let start = text.position
        guard let source = text.take(until: ")") else { throw start.fault("This `(` is not closed.") }
        let target = try Self.parse(source, at: start, hasMarks: false)
        for case .section(let name, _, _) in target { throw name.position.fault("A link's address has no sections, only variables.") }
        return .link(label, target: target, start)
    }
}
