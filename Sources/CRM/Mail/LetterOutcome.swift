/// What became of a letter.
package enum LetterOutcome: Sendable, Hashable {
    /// A server has taken it, now or when it was offered before.
    case sent
    /// It was not taken: offer the same letter again after this time.
    case later(String, after: Duration)
    /// It will not be sent. The words are for people.
    case refused(LetterRefusal, String)
    /// A server may have taken it or not.
    case unknown(String)
}

/// Why a letter is not sent.
package enum LetterRefusal: String, Sendable, CaseIterable {
    /// The address is none.
    case noAddress = "no_address"
    /// Mail to the address came back, or its owner does not want any.
    case suppressed
    /// The plan's mails of this month are used up.
    case plan
    /// The server will never take it.
    case failed
}
