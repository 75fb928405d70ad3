import Mail
import Records

/// The words of a mail that a tenant writes for its reminders: one source, from which both the text and the HTML follow.
package enum Templates {
    package static let title = Field.text("name", "What it is called.").required.title
    package static let locale = Field.language("locale", "The language it is written in; the tenant's unless said otherwise.")
    package static let subject = Field.text("subject", "The mail's subject; may name variables as `{{record.name}}`.").required
    package static let body = Field.text(
        "body", max: 40_000,
        "What it says: text with `**bold**`, `# headings`, `- items`, `[links]({{record.link}})` and mustache tags. Known are record.*, "
            + "recipient.name, tenant.name, sender.name and due.*."
    ).required

    package static let type = RecordType(
        "templates", singular: "template", fields: [title, locale, subject, body], staysWhileUsed: true, standing: .furniture,
        isSearchable: false
    ) { rules in
        rules.preparing = { _, change throws(Problem) in
            let errors = ReminderWords.faults(subject: change[subject] ?? nil, body: change[body] ?? nil, in: change.catalog)
            guard errors.isEmpty else { throw .invalid(errors) }
        }
    }
}
