/// A language in which we write mails ourselves.
package enum MailLanguage: String, Sendable, CaseIterable {
    case english = "en"
    case chinese = "zh-CN"
    case german = "de"
    case spanish = "es"

    /// The one a reader of this language (BCP 47: `de-AT`, `zh-Hans-SG`) understands best; English for all others.
    package init(closestTo tag: String) {
        let primary = tag.prefix { $0 != "-" && $0 != "_" }.lowercased()
        self = Self.allCases.first { $0.rawValue.prefix(2) == primary } ?? .english
    }
}
