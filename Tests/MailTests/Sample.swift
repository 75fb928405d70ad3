import Foundation
import Mail

extension Message {
    /// A mail like many others.
    static func sample(
        to recipient: String = "anna@example.com", name: String? = nil, subject: String = "Hello",
        text: String = "Hello,\nthis is a mail.\n",
        html: String = "<p>Hello</p>\n", logo: InlineImage? = nil
    ) throws -> Message {
        let content = MailContent(subject: subject, text: text, html: html, language: .english)
        return Message(
            id: try MessageID.make(domain: "crm.example.com"), date: Date(timeIntervalSince1970: 1_795_880_258),
            from: try Mailbox("crm@example.com", name: "Tenantry"), to: try Mailbox(recipient, name: name),
            returnAddress: try Mailbox("bounces@example.com"), content: content, logo: logo)
    }
}
