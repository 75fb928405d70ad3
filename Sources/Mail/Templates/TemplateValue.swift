/// What a template's variable stands for in one mail.
package enum TemplateValue: Sendable, Hashable {
    case text(String)
    case flag(Bool)
    case list([TemplateValue])
    case group([String: TemplateValue])

    /// Whether a section about it appears: not for an empty text, an empty list or false.
    var isPresent: Bool {
        switch self {
        case .text(let text): !text.isEmpty
        case .flag(let flag): flag
        case .list(let list): !list.isEmpty
        case .group: true
        }
    }
}

extension TemplateValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral text: String) { self = .text(text) }
    package init(booleanLiteral flag: Bool) { self = .flag(flag) }
    package init(arrayLiteral list: TemplateValue...) { self = .list(list) }
    package init(dictionaryLiteral fields: (String, TemplateValue)...) { self = .group(Dictionary(fields) { $1 }) }
}
