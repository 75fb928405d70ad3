import Records

/// Something about one card of an upload that its sender should know.
struct CardProblem: Sendable, Hashable, Comparable {
    /// The card's place in the text, from 0.
    let index: Int
    /// Where in the text, from 1; nil for what the text does not show.
    var line: Int?
    /// Which field of the contact, if it is one.
    var pointer: String?
    /// `warning` when the card was taken without something; else it was not taken: `refused` as a card, or the code of a problem.
    let code: String
    let detail: String

    init(index: Int, line: Int? = nil, pointer: String? = nil, code: String, detail: String) {
        self.index = index
        self.line = line
        self.pointer = pointer
        self.code = code
        self.detail = detail
    }

    init(_ finding: VCard.Reading.Finding) {
        self.init(index: finding.index, line: finding.line, code: finding.weight.rawValue, detail: finding.detail)
    }

    /// One for each part that is wrong, or one for the whole.
    static func list(_ problem: Problem, _ index: Int) -> [CardProblem] {
        guard !problem.errors.isEmpty else { return [CardProblem(index: index, code: problem.code.rawValue, detail: problem.detail)] }
        return problem.errors.map { CardProblem(index: index, pointer: $0.pointer, code: problem.code.rawValue, detail: $0.detail) }
    }

    static func < (left: CardProblem, right: CardProblem) -> Bool { (left.index, left.line ?? .max) < (right.index, right.line ?? .max) }

    var document: JSON {
        [
            "index": JSON(index), "line": line.map { JSON($0) } ?? .null, "pointer": JSON(pointer), "code": .string(code),
            "detail": .string(detail),
        ]
    }
}

extension Problem {
    /// Whether the other cards may fare better.
    var concernsOneCard: Bool {
        switch code {
        case .idempotencyRunning, .idempotencyMismatch: false
        default: code.status < 500
        }
    }

    /// A refusal that was kept for a repeated request.
    init(repeating document: JSON) {
        let errors = (document["errors"]?.elements ?? []).map { error in
            FieldError(
                error["pointer"]?.string ?? "", error["code"]?.string.flatMap(FieldCode.init(rawValue:)) ?? .format,
                error["detail"]?.string ?? "")
        }
        self.init(
            document["code"]?.string.flatMap(Code.init(rawValue:)) ?? .invalid, document["detail"]?.string ?? "", errors: errors)
    }
}
