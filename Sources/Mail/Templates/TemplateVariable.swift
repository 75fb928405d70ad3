/// What a template may speak of: the kind of a variable, and for groups and lists what is in them.
package indirect enum TemplateVariable: Sendable, Hashable {
    case text
    /// A web address that we made; the only kind that may begin the target of a link.
    case link
    case flag
    /// Texts, each `{{.}}` within the section.
    case texts
    case list([String: TemplateVariable])
    case group([String: TemplateVariable])

    var isList: Bool {
        switch self {
        case .texts, .list: true
        default: false
        }
    }
}
