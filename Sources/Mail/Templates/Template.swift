/// A template that was read: it can be checked against what it may speak of, and rendered.
package struct Template: Sendable {
    /// Characters of subject and body together.
    package static let longest = 50_000

    let subject: [TemplateInline]
    let body: [TemplateBlock]

    /// Refuses with the place of what is wrong.
    package init(_ source: TemplateSource) throws(TemplateFault) {
        let start = TemplatePosition(part: .subject, line: 1, column: 1)
        guard source.subject.count + source.body.count <= Self.longest else {
            throw TemplatePosition(part: .body, line: 1, column: 1).fault("A template has at most 50,000 characters.")
        }
        subject = try InlineParser.parse(source.subject, at: start, hasMarks: false)
        guard !subject.isEmpty else { throw start.fault("A mail has a subject.") }
        body = try BlockParser.parse(source.body)
    }

    /// Every variable that is not known, or is used as what it is not, in the order of the text; empty when all is well.
    package func check(allowing variables: [String: TemplateVariable]) -> [TemplateFault] {
        var check = TemplateCheck(variables)
        check.inlines(subject)
        check.blocks(body)
        return check.faults
    }

    /// The mail for these values; a variable without a value is empty. A preview is exactly this.
    package func render(_ values: [String: TemplateValue], in frame: MailFrame) -> MailContent {
        let scope = TemplateScope(values)
        let text = TextRenderer().body(body, scope)
        return MailContent(
            subject: OneLine.of(TextRenderer().inline(subject, scope)), text: frame.text(text),
            html: frame.html(HTMLRenderer(colour: frame.brand.colour).body(body, scope)), language: frame.language)
    }
}
