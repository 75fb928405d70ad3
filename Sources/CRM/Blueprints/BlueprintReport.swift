import Records

/// What became of a blueprint's parts, for operators.
package struct BlueprintReport: Sendable {
    package let blueprint: String
    package let outcomes: [BlueprintWork.Outcome]

    package init(_ blueprint: String, _ outcomes: [BlueprintWork.Outcome]) {
        self.blueprint = blueprint
        self.outcomes = outcomes
    }

    /// How many parts had each outcome.
    package var counts: [(word: BlueprintWork.Outcome.Word, count: Int)] {
        BlueprintWork.Outcome.Word.allCases.compactMap { word in
            let count = outcomes.count { $0.word == word }
            return count == 0 ? nil : (word, count)
        }
    }

    package var document: JSON {
        [
            "blueprint": .string(blueprint), "counts": .object(counts.map { .init($0.word.rawValue, JSON($0.count)) }),
            "parts": .array(
                outcomes.map { part in
                    [
                        "type": .string(part.type), "id": .string(part.id), "title": .string(part.title),
                        "outcome": .string(part.word.rawValue), "reason": JSON(part.reason),
                    ]
                }),
        ]
    }
}
