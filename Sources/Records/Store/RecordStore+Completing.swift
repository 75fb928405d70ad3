extension RecordStore {
    /// An answer with one record, with what is worked out now filled in; the same for types that have nothing of the kind.
    package func complete(_ answer: RecordAnswer) async throws -> RecordAnswer {
        guard let completing = type.rules.completing, (200..<300).contains(answer.status), let body = answer.body else { return answer }
        var answer = answer
        answer.body = try await completing([try JSON(parsing: body)], self).first?.bytes
        return answer
    }

    /// The same for the records of a list's body.
    func completed(list body: [UInt8]) async throws -> [UInt8] {
        guard let completing = type.rules.completing, case .object(var members) = try JSON(parsing: body),
            let place = members.firstIndex(where: { $0.name == "data" }), let records = members[place].value.elements
        else { return body }
        members[place].value = .array(try await completing(records, self))
        return JSON.object(members).bytes
    }
}
