import Postgres

/// What a refusal of the database means for its sender, once what that depends on has been looked up.
///
/// Whoever was refused asks the questions where it stands: in a unit of its own, or inside its transaction.
struct Explanation: Sendable {
    /// Reads whose answers decide; often there is none.
    let questions: [SQL]
    /// Nil where the refusal says nothing to a client.
    let answer: @Sendable ([Rows]) throws -> (any Error)?

    init(_ questions: [SQL], _ answer: @escaping @Sendable ([Rows]) throws -> (any Error)?) {
        self.questions = questions
        self.answer = answer
    }

    /// One that depends on nothing.
    init(_ error: (any Error)?) {
        self.init([]) { _ in error }
    }
}

extension RecordStore {
    func explained(_ explanation: Explanation) async throws -> (any Error)? {
        let rows = explanation.questions.isEmpty ? [] : try await scope.run(explanation.questions, isRepeatable: true)
        return try explanation.answer(rows)
    }
}
