/// Where a template is wrong, and how, for the person who writes it.
package struct TemplateFault: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Part: String, Sendable { case subject, body }

    package let part: Part
    /// Both count from 1.
    package let line: Int
    package let column: Int
    package let text: String

    package var description: String { "\(part.rawValue), line \(line), column \(column): \(text)" }
}

/// A place in the source of a template.
struct TemplatePosition: Sendable, Hashable {
    var part: TemplateFault.Part
    var line: Int
    var column: Int

    func fault(_ text: String) -> TemplateFault { TemplateFault(part: part, line: line, column: column, text: text) }
}
