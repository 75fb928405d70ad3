import Foundation
import HTTPTypes
import NIOCore
import Records
import Secrets

extension Call {
    /// The key under which this request may be repeated (`Idempotency-Key`), if it has one.
    func repeatable(_ person: Person) async throws(Problem) -> RepeatableRequest? {
        guard let key = try idempotencyKey else { return nil }
        // With another answer to the question whether there may be two, it is another request.
        let start = "\(method.rawValue) \(target)\(try allowsDuplicates ? " allowing duplicates" : "")\n"
        let request = Array(start.utf8) + (try await bytes())
        return RepeatableRequest(credential: person.credentialID, key: key, fingerprint: Digest.sha256(request))
    }

    /// What the header `Idempotency-Key` holds. Refuses with `.malformed` what cannot be a key.
    var idempotencyKey: String? {
        get throws(Problem) {
            guard let key = headers[.idempotencyKey] else { return nil }
            guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw Problem(.malformed, "Idempotency-Key holds 1 to 255 visible ASCII characters.")
            }
            return key
        }
    }

    /// A write that keeps its answer in its own transaction when the request has a key. Its parts come as `work` is given them.
    func repeatably(_ person: Person, _ work: (RepeatableRequest?) async throws -> RecordAnswer) async throws -> Reply {
        guard let repeatable = try await repeatable(person) else { return Reply(try await work(nil)) }
        let answer = try await repeatable.perform(in: person.scope, document: document) { try await work(repeatable) }
        return Reply(answer)
    }

    /// A call without effect in the database (a search) that answers the same under the same key.
    func repeatablyReading(_ person: Person, _ work: () async throws -> RecordAnswer) async throws -> Reply {
        guard let repeatable = try await repeatable(person) else { return Reply(try await work()) }
        return Reply(try await repeatable.performReading(in: person.scope, document: document, work))
    }

    /// A refusal as this call's client sees it.
    func document(_ problem: Problem) -> JSON {
        problem.document(instance: path, requestID: requestID)
    }
}

extension Reply {
    /// What the record engine answered, as HTTP says it.
    init(_ answer: RecordAnswer) {
        guard let body = answer.body else {
            self = .noContent
            if answer.isReplay { self = replayed }
            return
        }
        self.init(
            status: .init(code: answer.status), contentType: answer.status >= 400 ? "application/problem+json" : "application/json",
            ByteBuffer(bytes: body), version: answer.version, location: answer.location)
        if answer.isReplay { self = replayed }
    }
}
