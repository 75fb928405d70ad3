/// A template's words as HTML, dressed in styles of their own: mail programs know no style sheets.
struct HTMLRenderer {
    let colour: BrandColour

    func body(_ blocks: [TemplateBlock], _ scope: TemplateScope) -> String {
        var html = ""
        var isInList = false
        for block in blocks {
            if block.isItem != isInList { html += isInList ? "</ul>\n" : "<ul style=\"margin:0 0 16px;padding-left:20px\">\n" }
            isInList = block.isItem
            html += self.block(block, scope)
        }
        return isInList ? html + "</ul>\n" : html
    }

    private func block(_ block: TemplateBlock, _ scope: TemplateScope) -> String {
        switch block {
        case .paragraph(let inlines):
            if let button = button(inlines, scope) { return button }
            let words = inline(inlines, scope)
            return words.contains { !$0.isWhitespace } ? "<p style=\"margin:0 0 16px\">\(words)</p>\n" : ""
        case .heading(let inlines): return "<h1 style=\"margin:0 0 16px;font-size:20px;line-height:28px\">\(inline(inlines, scope))</h1>\n"
        case .item(let inlines): return "<li style=\"margin:0 0 4px\">\(inline(inlines, scope))</li>\n"
        case .rule: return "<hr style=\"margin:0 0 16px;border:0;border-top:1px solid #d9dce1\">\n"
        case .section(let name, let isInverted, let blocks):
            let insides = scope.inside(name, isInverted: isInverted)
            // A section of items stands within a list already.
            guard block.isItem else { return insides.map { body(blocks, $0) }.joined() }
            return insides.map { inside in blocks.map { self.block($0, inside) }.joined() }.joined()
        }
    }

    /// A link that is a paragraph by itself.
    private func button(_ inlines: [TemplateInline], _ scope: TemplateScope) -> String? {
        guard inlines.count == 1, case .link(let label, let target, _) = inlines[0], let address = LinkTarget.text(target, scope) else {
            return nil
        }
        let look = "display:inline-block;padding:10px 20px;border-radius:6px;background:\(colour.text);color:\(colour.contrast);"
        return
            "<p style=\"margin:0 0 16px\"><a href=\"\(HTMLText.escape(address))\" style=\"\(look)text-decoration:none\">\(inline(label, scope))</a></p>\n"
    }

    private func inline(_ inlines: [TemplateInline], _ scope: TemplateScope) -> String {
        inlines.reduce(into: "") { html, piece in
            switch piece {
            case .text(let words): html += HTMLText.lines(words)
            case .variable(let name): html += HTMLText.lines(scope.text(name))
            case .section(let name, let isInverted, let inner):
                for inside in scope.inside(name, isInverted: isInverted) { html += inline(inner, inside) }
            case .strong(let inner): html += "<strong>\(inline(inner, scope))</strong>"
            case .link(let label, let target, _):
                let words = inline(label, scope)
                html +=
                    LinkTarget.text(target, scope).map { "<a href=\"\(HTMLText.escape($0))\" style=\"color:\(colour.link)\">\(words)</a>" }
                    ?? words
            }
        }
    }
}
