import Postgres
import Secrets
import Tenancy

/// An upload that its sender may repeat without leaving two files.
///
/// Its key stands for the request and for the content, of which the SHA-256 is known when all of it has come: under both the answer is kept.
/// What is refused without a look at the content is kept for the request alone.
package struct RepeatableUpload: Sendable {
    /// The request without its content.
    private let request: RepeatableRequest

    package init(_ request: RepeatableRequest) { self.request = request }

    /// - Parameter digest: the content's SHA-256.
    func request(withContent digest: [UInt8]) -> RepeatableRequest {
        RepeatableRequest(
            credential: request.credential, key: request.key, fingerprint: Digest.sha256(request.fingerprint + digest))
    }

    /// A content that did not come to its end is no answer of ours: it is not kept.
    private struct Cut: Error { let problem: Problem }

    /// Does the work, or gives the answer it had the first time: then the content is read once more and kept nowhere. Refuses with
    /// `.idempotencyMismatch` when the key was used for another request or another content.
    ///
    /// - Parameter document: makes the body of a problem as the client sees it.
    package func perform(
        in scope: TenantScope, content: some AsyncSequence<[UInt8], any Error>, document: (Problem) -> JSON,
        _ work: () async throws -> RecordAnswer
    ) async throws -> RecordAnswer {
        let known = try await scope.rows(request.lookup)
        if let row = known.first {
            if try row.bool(0) { return try request.replay(known) }
            let again = request(withContent: try await Self.digest(of: content))
            return try again.replay(try await scope.rows(again.lookup))
        }
        do {
            return try await request.perform(in: scope, document: document) {
                do {
                    return try await work()
                } catch let problem as Problem where problem.code == .malformed {
                    throw Cut(problem: problem)
                }
            }
        } catch let cut as Cut {
            throw cut.problem
        } catch let mismatch as FileSignature.Mismatch {
            return try await request(withContent: mismatch.digest).perform(in: scope, document: document) { throw mismatch.problem }
        }
    }

    private static func digest(of content: some AsyncSequence<[UInt8], any Error>) async throws -> [UInt8] {
        var digest = RunningDigest()
        for try await piece in content { digest.add(piece) }
        return digest.finish()
    }
}
