/// A mustache tag, as far as mails use them.
enum TemplateTag {
    case variable(TemplateName)
    case open(TemplateName, isInverted: Bool)
    case close(TemplateName)
    case comment

    /// Of what stands between `{{` and `}}`.
    init(_ text: String, at position: TemplatePosition) throws(TemplateFault) {
        let sign = text.first
        let name = { (text: Substring) throws(TemplateFault) in try Self.name(text, at: position) }
        switch sign {
        case "#": self = .open(try name(text.dropFirst()), isInverted: false)
        case "^": self = .open(try name(text.dropFirst()), isInverted: true)
        case "/": self = .close(try name(text.dropFirst()))
        case "!": self = .comment
        case "{", "&": throw position.fault("Values always appear as plain text: write {{name}}.")
        case ">", "<", "$", "=": throw position.fault("`{{\(text.prefix(1))` is not part of these templates.")
        default: self = .variable(try name(text[...]))
        }
    }

    private static func name(_ text: Substring, at position: TemplatePosition) throws(TemplateFault) -> TemplateName {
        let name = text.filter { $0 != " " && $0 != "\t" }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        let isName =
            name == "."
            || parts.allSatisfy { part in !part.isEmpty && part.utf8.allSatisfy { Characters.isAlphanumeric($0) || $0 == UInt8(ascii: "_") }
            }
        guard isName, name.utf8.count <= 200 else {
            throw position.fault("A name has letters, digits and `_`, with dots between its parts, as in {{deal.title}}.")
        }
        return TemplateName(text: name, position: position)
    }
}
