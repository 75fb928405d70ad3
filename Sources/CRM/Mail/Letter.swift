import Foundation
import Mail

/// One mail that somebody is to get, before it has a sender and an envelope.
package struct Letter: Sendable {
    /// Chosen once and kept by whoever wants it sent: offered again under the same id it is the same letter, which is not sent twice. Its
    /// Message-ID follows from it, see `Post.messageID`.
    package var id: UUID
    /// What the ledger calls it: `invitation`, `reminder`. At most 20 characters.
    package var kind: String
    /// An address, as it was typed.
    package var to: String
    package var name: String?
    /// Nil for the tenant's.
    package var language: MailLanguage?
    package var words: Words
    package var nature: Nature
    /// How its reader is left alone from then on; nil for mails that cannot be refused.
    package var reader: Reader?
    /// The record in whose timeline it stands.
    package var about: UUID?
    /// Whether it is offered once more, under the same Message-ID, when a worker died over it and nobody knows how far it came.
    package var isRepeatable = false

    package init(
        id: UUID, kind: String, to: String, name: String? = nil, language: MailLanguage? = nil, words: Words, nature: Nature,
        reader: Reader? = nil, about: UUID? = nil
    ) {
        self.id = id
        self.kind = kind
        self.to = to
        self.name = name
        self.language = language
        self.words = words
        self.nature = nature
        self.reader = reader
        self.about = about
    }

    package init(
        id: UUID, to: String, name: String? = nil, language: MailLanguage? = nil, _ mail: SystemMail, _ values: [String: TemplateValue],
        nature: Nature, reader: Reader? = nil, about: UUID? = nil
    ) {
        self.init(
            id: id, kind: mail.name, to: to, name: name, language: language, words: .system(mail, values), nature: nature, reader: reader,
            about: about)
    }

    package enum Words: Sendable {
        /// One of ours. `firm` is filled in.
        case system(SystemMail, [String: TemplateValue])
        /// A tenant's own.
        case template(Template, [String: TemplateValue])
        /// Ready as it is.
        case content(MailContent)
    }

    package enum Nature: Sendable, Hashable {
        /// Somebody's way into the account: goes out whatever the plan allows and also while the tenant's other mail is paused, and to those
        /// who have complained; not where mail does not arrive.
        case access
        /// Everything else: counts against the plan.
        case business
    }

    /// Whom one click leaves alone.
    package enum Reader: Sendable, Hashable {
        case contact(UUID)
        case user(UUID)
        /// Nobody we know more of than the address.
        case address(String)
    }
}
