/// A template as people write it: mustache tags in words with a few marks.
///
/// ```
/// # Due: {{title}}
/// Hello {{person}},
/// **{{title}}** is due {{due}}.
///
/// {{#items}}
/// - [{{title}}]({{link}})
/// {{/items}}
///
/// [Open it]({{link}})
/// ```
///
/// A link that is a paragraph by itself becomes a button. The plain text of a mail is this text with its values, the HTML follows from it:
/// one who writes it needs no HTML and cannot break it.
package struct TemplateSource: Sendable, Hashable {
    package var subject: String
    package var body: String

    package init(subject: String, body: String) {
        self.subject = subject
        self.body = body
    }
}
