/// What a mail says, ready to be sent: subject, and the same words as plain text and as a page of HTML.
package struct MailContent: Sendable, Hashable {
    package var subject: String
    package var text: String
    package var html: String
    package var language: MailLanguage

    package init(subject: String, text: String, html: String, language: MailLanguage) {
        self.subject = subject
        self.text = text
        self.html = html
        self.language = language
    }
}
