/// What one operation of a batch came to.
struct BatchResult: Sendable {
    let status: Int
    let ref: String?
    let id: String?
    let outcome: Outcome

    enum Outcome: Sendable {
        /// The record as JSON; nil for one that was deleted.
        case record([UInt8]?)
        case problem(Problem)
    }

    init(_ operation: BatchOrder.Operation, _ answer: RecordAnswer, id: String) {
        self.init(status: answer.status, ref: operation.ref, id: id, outcome: .record(answer.body))
    }

    init(_ operation: BatchOrder.Operation, _ problem: Problem, id: String?) {
        self.init(status: problem.code.status, ref: operation.ref, id: id, outcome: .problem(problem))
    }

    private init(status: Int, ref: String?, id: String?, outcome: Outcome) {
        (self.status, self.ref, self.id, self.outcome) = (status, ref, id, outcome)
    }

    var problem: Problem? { if case .problem(let problem) = outcome { problem } else { nil } }
    var isFailure: Bool { problem != nil }

    func write(into bytes: inout [UInt8], _ document: (Problem) -> JSON) {
        bytes += "{\"status\":\(status),\"ref\":\(JSON(ref).text),\"id\":\(JSON(id).text),".utf8
        switch outcome {
        case .record(let record): bytes += "\"record\":".utf8 + (record ?? Array("null".utf8))
        case .problem(let problem): bytes += "\"problem\":".utf8 + document(problem).bytes
        }
        bytes.append(UInt8(ascii: "}"))
    }

    /// The same for a problem document, where there are no records.
    func json(_ document: (Problem) -> JSON) -> JSON {
        ["status": JSON(status), "ref": JSON(ref), "id": JSON(id), "problem": problem.map(document) ?? .null]
    }
}

extension Problem {
    /// For what is left undone because of another operation.
    static func failedDependency(_ detail: String) -> Problem { Problem(.failedDependency, detail) }
}
