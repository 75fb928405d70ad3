/// One statement of a migration, taken apart into words as far as checking it needs.
struct SQLStatement: Sendable {
    /// As written, without what stands before and after.
    let text: String
    /// Words in lower case; a quoted name with its first quote (`"Name`), a text as `'`, signs one by one.
    let tokens: [String]
    /// The comments before it and inside of it, without their marks.
    let comments: [String]

    /// The statements of a script, separated by semicolons that are no part of a text, a name, a body or a comment.
    static func all(in script: String) -> [SQLStatement] {
        var lexer = SQLLexer(script)
        return lexer.statements()
    }

    func begins(with words: String...) -> Bool { tokens.starts(with: words) }

    func contains(_ words: String...) -> Bool { tokens.containsRun(words) }

    /// The reason beside `-- contract:`, by which a person says that no running version still needs what is taken away here.
    var contractReason: String? {
        comments.first { $0.hasPrefix("contract:") }.map { String($0.dropFirst("contract:".count)) }?.nonEmpty
    }

    /// The name that `CREATE [UNIQUE] INDEX CONCURRENTLY [IF NOT EXISTS] name` gives.
    var createdIndex: String? {
        guard let start = createIndexEnd, let name = tokens.dropFirst(start).first(where: { !Self.indexNoise.contains($0) }), name != "on"
        else {
            return nil
        }
        return name.unquoted
    }

    /// The table of `CREATE INDEX ... ON [ONLY] table`.
    var indexedTable: String? {
        guard createIndexEnd != nil, let on = tokens.firstIndex(of: "on") else { return nil }
        return tokens.dropFirst(on + 1).first { $0 != "only" }?.unquoted
    }

    /// Behind `CREATE [UNIQUE] INDEX`.
    private var createIndexEnd: Int? {
        if begins(with: "create", "index") { 2 } else if begins(with: "create", "unique", "index") { 3 } else { nil }
    }

    private static let indexNoise: Set<String> = ["concurrently", "if", "not", "exists"]
}

extension String {
    fileprivate var nonEmpty: String? {
        let text = trimmingPrefix { $0.isWhitespace }
        return text.isEmpty ? nil : String(text)
    }

    /// A token of a name as the catalogue has it.
    var unquoted: String { hasPrefix("\"") ? String(dropFirst()) : self }
}

extension [String] {
    func containsRun(_ run: [String]) -> Bool {
        guard !run.isEmpty, count >= run.count else { return false }
        return (0...(count - run.count)).contains { self[$0..<($0 + run.count)].elementsEqual(run) }
    }
}
