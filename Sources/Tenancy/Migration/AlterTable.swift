/// `ALTER TABLE name action, action, ...` taken apart.
struct AlterTable {
    let table: String
    /// The tokens of each action.
    let actions: [[String]]

    /// Whether it takes no lock that keeps others from reading and writing: VALIDATE CONSTRAINT alone.
    var onlyValidates: Bool { actions.allSatisfy { $0.starts(with: ["validate", "constraint"]) } }

    init?(_ statement: SQLStatement) {
        guard statement.begins(with: "alter", "table") else { return nil }
        let rest = statement.tokens.dropFirst(2).drop { ["if", "exists", "only"].contains($0) }
        guard let name = rest.first else { return nil }
        table = name.unquoted
        var actions: [[String]] = [[]]
        var depth = 0
        for token in rest.dropFirst() {
            if token == "(" { depth += 1 }
            if token == ")" { depth -= 1 }
            if token == "," && depth == 0 {
                actions.append([])
            } else {
                actions[actions.count - 1].append(token)
            }
        }
        self.actions = actions
    }
}
