/// What someone looks for, checked: a few words, in records of some types.
package struct SearchRequest: Sendable {
    package let words: String
    package let types: [RecordType]
    package let limit: Int

    package static let limits = 1...50
    private static let maximumWords = 20

    /// Refuses with `.malformed` no words at all, too many of them, and types that nobody has or that cannot be searched.
    package init(words: String?, types names: String?, limit: Int, in catalog: Catalog) throws(Problem) {
        guard let words, words.contains(where: { !$0.isWhitespace }) else {
            throw Problem(.malformed, "The query parameter \"q\" holds what to look for: a word, the beginning of one, or several.")
        }
        let count = words.split(whereSeparator: \.isWhitespace).count
        guard words.unicodeScalars.count <= 500, count <= Self.maximumWords else {
            throw Problem(.malformed, "The query parameter \"q\" holds at most 500 characters and \(Self.maximumWords) words.")
        }
        let known = catalog.types.filter(\.isSearchable)
        var types = known
        if let names {
            types = []
            for name in names.split(separator: ",", omittingEmptySubsequences: false) {
                guard let type = known.first(where: { $0.name == name }) else {
                    throw Problem(
                        .malformed,
                        "The query parameter \"types\" names \(known.map(\.name).joined(separator: ", ")), with commas between them.")
                }
                if !types.contains(where: { $0.name == name }) { types.append(type) }
            }
        }
        self.words = words
        self.types = types
        self.limit = limit
    }
}
