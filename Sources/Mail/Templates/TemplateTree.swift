/// The name in a tag: `deal.title`, or `.` for the thing itself.
struct TemplateName: Sendable, Hashable {
    let text: String
    let position: TemplatePosition

    /// Empty for `.`.
    var path: [String] { text == "." ? [] : text.split(separator: ".").map(String.init) }
}

/// What stands within a line.
indirect enum TemplateInline: Sendable {
    case text(String)
    case variable(TemplateName)
    case section(TemplateName, isInverted: Bool, [TemplateInline])
    case strong([TemplateInline])
    case link([TemplateInline], target: [TemplateInline], TemplatePosition)
}

/// What stands on lines of its own.
indirect enum TemplateBlock: Sendable {
    case paragraph([TemplateInline])
    case heading([TemplateInline])
    case item([TemplateInline])
    case rule
    case section(TemplateName, isInverted: Bool, [TemplateBlock])

    /// Whether it belongs into a list: an item, or a section that holds nothing else.
    var isItem: Bool {
        switch self {
        case .item: true
        case .section(_, _, let blocks): !blocks.isEmpty && blocks.allSatisfy(\.isItem)
        default: false
        }
    }
}
