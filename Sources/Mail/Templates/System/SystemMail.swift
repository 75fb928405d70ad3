/// A mail that the product writes by itself, in every language of `MailLanguage`.
///
/// The words stand in Swift, one file for each mail with its variables beside its translations, so that the binary carries them and the
/// compiler misses a language that is missing. Tenants' own templates are read from the database and have the same form.
package struct SystemMail: Sendable {
    /// By which settings and ledgers name it.
    package let name: String
    /// What its words may speak of, and what a tenant's own version of it may.
    package let variables: [String: TemplateVariable]
    private let words: @Sendable (MailLanguage) -> TemplateSource

    package static let all = [invitation, passwordReset, emailConfirmation, signInAlert, signUp, mailPaused, exportAlarm, reminder, digest]

    init(_ name: String, _ variables: [String: TemplateVariable], words: @escaping @Sendable (MailLanguage) -> TemplateSource) {
        self.name = name
        self.variables = variables
        self.words = words
    }

    /// The words of that language, for those who begin with ours to write their own.
    package func source(_ language: MailLanguage) -> TemplateSource { words(language) }

    /// The mail in the frame's language.
    package func content(_ values: [String: TemplateValue], in frame: MailFrame) -> MailContent {
        do {
            return try Template(words(frame.language)).render(values, in: frame)
        } catch {
            // A test reads every template in every language.
            fatalError("\(name) in \(frame.language.rawValue): \(error)")
        }
    }
}
