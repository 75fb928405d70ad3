/// A template's words as plain text.
struct TextRenderer {
    func body(_ blocks: [TemplateBlock], _ scope: TemplateScope) -> String {
        var text = ""
        write(blocks, scope, to: &text, afterItem: false)
        return text
    }

    /// Blocks with an empty line between them, items of a list without. Answers whether an item came last.
    @discardableResult
    private func write(_ blocks: [TemplateBlock], _ scope: TemplateScope, to text: inout String, afterItem: Bool) -> Bool {
        var afterItem = afterItem
        func begin(isItem: Bool) {
            if !text.isEmpty { text += isItem && afterItem ? "\n" : "\n\n" }
            afterItem = isItem
        }
        for block in blocks {
            switch block {
            case .paragraph(let inlines), .heading(let inlines):
                let words = inline(inlines, scope)
                // A paragraph of which nothing appears leaves no gap.
                guard words.contains(where: { !$0.isWhitespace }) else { continue }
                begin(isItem: false)
                text += words
            case .item(let inlines):
                begin(isItem: true)
                text += "- " + inline(inlines, scope).split(omittingEmptySubsequences: false) { $0.isNewline }.joined(separator: "\n  ")
            case .rule:
                begin(isItem: false)
                text += "--------"
            case .section(let name, let isInverted, let blocks):
                for inner in scope.inside(name, isInverted: isInverted) {
                    afterItem = write(blocks, inner, to: &text, afterItem: afterItem)
                }
            }
        }
        return afterItem
    }

    func inline(_ inlines: [TemplateInline], _ scope: TemplateScope) -> String {
        inlines.reduce(into: "") { text, piece in
            switch piece {
            case .text(let words): text += words
            case .variable(let name): text += scope.text(name)
            case .section(let name, let isInverted, let inner):
                for inside in scope.inside(name, isInverted: isInverted) { text += inline(inner, inside) }
            case .strong(let inner): text += inline(inner, scope)
            case .link(let label, let target, _):
                let words = inline(label, scope)
                guard let address = LinkTarget.text(target, scope) else {
                    text += words
                    break
                }
                text += words == address || "mailto:" + words == address ? words : "\(words): \(address)"
            }
        }
    }
}
