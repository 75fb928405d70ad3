import Foundation
import Records

/// What a person was ever called and reached by, to be found in what others wrote.
struct PersonWords: Sendable {
    private var values: [String: Set<String>] = [:]

    /// The fields whose values tell of one person and nobody else, as the change log calls them.
    static let told = ["first_name", "last_name", "email", "phone", "external_id"]

    mutating func note(_ field: String, _ value: String?) {
        guard let value, !value.isEmpty else { return }
        values[field, default: []].insert(value)
    }

    var emails: [String] { (values["email"] ?? []).sorted() }

    /// Regular expressions (PostgreSQL's), the longest first, so that a whole name goes before its parts. What is so short that it stands in
    /// other words is left out.
    var patterns: [String] {
        let (first, last) = (values["first_name"] ?? [], values["last_name"] ?? [])
        let whole = first.flatMap { first in last.flatMap { ["\(first) \($0)", "\($0), \(first)", "\($0) \(first)"] } }
        let others = ["email", "phone", "external_id", "street"].flatMap { values[$0] ?? [] }.filter { $0.count >= 5 }
        let names = (first.union(last)).filter { $0.count >= ($0.isSpaced ? 3 : 2) }
        return Set(whole + others + names).sorted { ($1.count, $0) < ($0.count, $1) }.map(\.wholeWord)
    }

    /// What tells of this person and nobody else, as it stands in JSON: an address, a number, both names near each other. Nil where nothing does.
    var identifying: String? {
        let escaped = values.mapValues { Set($0.map { String(JSON.string($0).text.dropFirst().dropLast()) }) }
        let (first, last) = (escaped["first_name"] ?? [], escaped["last_name"] ?? [])
        let both = first.flatMap { first in last.map { "^(?=.*\(first.wholeWord))(?=.*\($0.wholeWord))" } }
        let others = ["email", "phone", "external_id"].flatMap { escaped[$0] ?? [] }.filter { $0.count >= 5 }.map(\.wholeWord)
        let all = Set(both + others).sorted()
        return all.isEmpty ? nil : all.joined(separator: "|")
    }

    /// The same as they stand in JSON.
    var patternsInJSON: [String] {
        let written = patterns
        return written
            + PersonWords(values.mapValues { Set($0.map { String(JSON.string($0).text.dropFirst().dropLast()) }) }).patterns
            .filter { !written.contains($0) }
    }

    init() {}
    private init(_ values: [String: Set<String>]) { self.values = values }
}

extension String {
    /// Whether its script has spaces between words.
    fileprivate var isSpaced: Bool { unicodeScalars.allSatisfy { $0.value < 0x2E80 } }

    /// A regular expression of the text, as a word of its own where its script knows words.
    fileprivate var wholeWord: String {
        let escaped = unicodeScalars.map { scalar in
            scalar.isASCII && !Character(scalar).isLetter && !Character(scalar).isNumber ? "\\\(scalar)" : String(scalar)
        }.joined()
        guard isSpaced else { return escaped }
        let isWord: (Character?) -> Bool = { $0.map { $0.isLetter || $0.isNumber } ?? false }
        return (isWord(first) ? "\\m" : "") + escaped + (isWord(last) ? "\\M" : "")
    }
}
