import Records
import Web

/// What the page says in every language it speaks: the same catalogue for the server and for the scripts in a browser.
struct Wording: Sendable {
    /// By language, then by key.
    private let texts: [String: [String: Phrase]]

    static let fallback = "en"
    /// The languages, each by the name it has for itself.
    static let languages: [(code: String, name: String)] = [
        ("en", "English"), ("de", "Deutsch"), ("es", "Español"), ("zh-CN", "简体中文"),
    ]

    private struct Phrase: Sendable {
        let one: String?
        let other: String
    }

    init(_ files: WebFiles) {
        var texts: [String: [String: Phrase]] = [:]
        for (code, _) in Self.languages {
            // A file that cannot be read says nothing, and its keys show: `WordingTests` reads all of them.
            let json = files.files["texts/\(code).json"].flatMap { try? JSON(parsing: $0.bytes) }
            texts[code] = Dictionary(
                (json?.members ?? []).compactMap { member in
                    if let text = member.value.string { return (member.name, Phrase(one: nil, other: text)) }
                    guard let other = member.value["other"]?.string else { return nil }
                    return (member.name, Phrase(one: member.value["one"]?.string, other: other))
                }, uniquingKeysWith: { first, _ in first })
        }
        self.texts = texts
    }

    func words(in language: String) -> Words {
        Words(language: language, find: { [self] in find($0, $1, in: language) })
    }

    private func find(_ key: String, _ count: Int?, in language: String) -> String? {
        guard let phrase = texts[language]?[key] ?? texts[Self.fallback]?[key] else { return nil }
        // Of the languages above, those with a plural have a form for one and another for everything else (CLDR).
        return count == 1 ? phrase.one ?? phrase.other : phrase.other
    }

    /// The first of these wishes that the page speaks: `de-AT` is `de`, every Chinese is `zh-CN`.
    static func language(_ wishes: [String?], acceptLanguage: String?) -> String {
        spoken(wishes, acceptLanguage: acceptLanguage) ?? fallback
    }

    /// The same; nil where the page speaks none of them.
    static func spoken(_ wishes: [String?], acceptLanguage: String? = nil) -> String? {
        let accepted = (acceptLanguage ?? "").split(separator: ",").map { range -> (name: String, weight: Double) in
            let parts = range.split(separator: ";")
            let weight = parts.dropFirst().compactMap { part -> Double? in
                let text = part.trimmedOfSpaces
                return text.hasPrefix("q=") ? Double(text.dropFirst(2)) : nil
            }
            return (String(parts.first?.trimmedOfSpaces ?? ""), weight.first ?? 1)
        }
        let byWeight = accepted.enumerated().sorted { ($1.element.weight, $0.offset) < ($0.element.weight, $1.offset) }.map(\.element.name)
        let spoken = (wishes.compactMap { $0 } + byWeight).lazy.compactMap { wish in
            let main = wish.prefix { $0 != "-" }.lowercased()
            return languages.first { $0.code.prefix { $0 != "-" } == main }?.code
        }
        return spoken.first
    }
}

/// The page's words in one language.
struct Words: Sendable {
    /// As in `lang`: `zh-CN`.
    let language: String
    fileprivate let find: @Sendable (String, Int?) -> String?

    /// The phrase, with `{name}` filled in; the key itself where there is none.
    func callAsFunction(_ key: String, _ values: [String: String] = [:], count: Int? = nil) -> String {
        guard var text = find(key, count) else { return key }
        for (name, value) in values { text = text.replacing("{\(name)}", with: value) }
        if let count { text = text.replacing("{count}", with: String(count)) }
        return text
    }

    /// The first of these phrases that there is, or else what is given.
    func first(of keys: [String], otherwise text: String) -> String {
        keys.lazy.compactMap { find($0, nil) }.first ?? text
    }
}
