import Foundation

/// One mail to one recipient, whole: what its headers say, and the same words as HTML and as plain text.
package struct Message: Sendable {
    package var id: MessageID
    package var date: Date
    package var from: Mailbox
    package var to: Mailbox
    package var replyTo: Mailbox?
    /// Where servers report that it could not be delivered: the envelope's sender, which readers do not see.
    package var returnAddress: Mailbox
    package var subject: String
    package var text: String
    package var html: String
    package var logo: InlineImage?
    package var unsubscribe: UnsubscribeLink?
    /// Language of the words (BCP 47), for programs that read aloud.
    package var language: MailLanguage

    /// - Parameter returnAddress: without one, the sender.
    package init(
        id: MessageID, date: Date, from: Mailbox, to: Mailbox, replyTo: Mailbox? = nil, returnAddress: Mailbox? = nil, content: MailContent,
        logo: InlineImage? = nil, unsubscribe: UnsubscribeLink? = nil
    ) {
        self.id = id
        self.date = date
        self.from = from
        self.to = to
        self.replyTo = replyTo
        self.returnAddress = returnAddress ?? from
        subject = content.subject
        text = content.text
        html = content.html
        language = content.language
        self.logo = logo
        self.unsubscribe = unsubscribe
    }

    /// Its bytes as they travel (RFC 5322, MIME): lines of at most 78 ASCII characters where words allow it, ended by CRLF.
    package var bytes: [UInt8] {
        var writer = MIMEWriter()
        writer.write(headers)
        writer.write(body)
        return writer.bytes
    }

    /// The lines before the body's own headers.
    var head: [UInt8] {
        var writer = MIMEWriter()
        writer.write(headers)
        return writer.bytes
    }

    private var headers: [HeaderField] {
        var headers: [HeaderField] = [
            HeaderField("Date", [MailDate.text(date)]),
            HeaderField("From", HeaderField.words(of: from)),
            HeaderField("To", HeaderField.words(of: to)),
            HeaderField("Message-ID", [id.description]),
            HeaderField("Subject", HeaderField.words(of: subject)),
        ]
        if let replyTo { headers.append(HeaderField("Reply-To", HeaderField.words(of: replyTo))) }
        if let unsubscribe {
            headers.append(HeaderField("List-Unsubscribe", ["<\(unsubscribe.address)>"]))
            headers.append(HeaderField("List-Unsubscribe-Post", ["List-Unsubscribe=One-Click"]))
        }
        // Nobody's holiday notice shall answer a machine (RFC 3834).
        headers.append(HeaderField("Auto-Submitted", ["auto-generated"]))
        headers.append(HeaderField("Content-Language", [language.rawValue]))
        headers.append(HeaderField("MIME-Version", ["1.0"]))
        return headers
    }

    private var body: MIMEPart {
        var page = MIMEPart.text(html, subtype: "html")
        if let logo { page = .multipart("related", [page, .inline(logo)]) }
        return .multipart("alternative", [.text(text, subtype: "plain"), page])
    }
}
