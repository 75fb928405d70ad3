import Blobs
import Foundation
import Postgres
import Secrets
import Tenancy

/// A file on its way to a record.
///
/// Its bytes are reserved in the plan's quota before they are taken: the announced length at once, a length that nobody told piece by
/// piece. What was reserved stands in the attachment's row, so whatever becomes of this process, the sum of the rows is what is counted:
/// an upload that ends badly gives its bytes back, and one whose process died is swept at night.
package struct Upload: Sendable {
    package let store: RecordStore
    package let record: String
    package let name: String
    package let contentType: String
    /// `Content-Length`, if it was sent.
    package let announced: Int?
    /// The most that is taken, in bytes.
    package let limit: Int
    package let blobs: any BlobStore
    private let id = UUID.v7()

    package init(
        to record: String, in store: RecordStore, name: String, contentType: String, announced: Int?, limit: Int, blobs: any BlobStore
    ) {
        self.record = record.lowercased()
        self.store = store
        self.name = name
        self.contentType = contentType
        self.announced = announced
        self.limit = limit
        self.blobs = blobs
    }

    /// How much of an unknown length is reserved at a time.
    static let step = 16 << 20

    /// Takes the content and puts the file on the record.
    package func take<Content: AsyncSequence & Sendable>(_ content: Content, repeatable: RepeatableUpload?) async throws -> RecordAnswer
    where Content.Element == [UInt8] {
        let tooLarge = Problem(.tooLarge, "A file has at most \(limit) bytes.", members: [.init("limit", JSON(limit))])
        if let announced, announced > limit { throw tooLarge }
        try await reserve()
        let key = Attachment.key(id, of: store.scope.tenant)
        var whole: RepeatableRequest?
        do {
            let reserved = Reserving(
                content: content, granted: announced ?? 0, signature: FileSignature(of: contentType), isRepeatable: repeatable != nil,
                limit: limit, grow: grow)
            let stored: StoredBlob
            do {
                stored = try await blobs.put(key, reserved, limit: Int64(limit))
            } catch BlobError.tooLarge {
                throw tooLarge
            }
            whole = repeatable?.request(withContent: stored.digest)
            return try await finish(stored, whole)
        } catch {
            await release(key)
            // The same key came twice at once, and the other was faster.
            if let whole, (error as? PostgresError)?.refusal.flatMap(RepeatableRequest.outcome(of:)) == .answered {
                return try whole.replay(try await store.scope.rows(whole.lookup))
            }
            throw error
        }
    }

    private var reach: Rights.Reach { store.caller.rights[store.type.name].update }

    private func reserve() async throws {
        let caller = store.caller
        let room: SQL = """
            SELECT cell.refuse('TN003', 'attachments_room') FROM attachments
            WHERE record_id = \(record) AND type = \(store.type.name) AND removed_at IS NULL HAVING count(*) >= \(Attachments.mostPerRecord)
            """
        let row: SQL = """
            INSERT INTO attachments (id, type, record_id, name, content_type, size, created_by_type, created_by_id)
            VALUES (\(id), \(store.type.name), \(record), \(name), \(contentType), \(announced ?? 0), \(caller.actor.kind.rawValue),
                \(caller.actor.id))
            """
        do {
            try await store.refusingAttachment(record) { () async throws(PostgresError) in
                _ = try await store.scope.run(
                    [store.lock(record, reach: reach)] + store.guardOfLimit(record)
                        + [room, row, Usage.stored(announced ?? 0, store.scope.entitlements)])
            }
        } catch let error as PostgresError where error.refusal?.constraint == "attachments_room" {
            throw Problem(.conflict, "A record has at most \(Attachments.mostPerRecord) files; delete some first.")
        }
    }

    /// Reserves more for a content whose length nobody told.
    @Sendable private func grow(by bytes: Int) async throws {
        try await store.refusingAttachment(record) { () async throws(PostgresError) in
            _ = try await store.scope.run([
                "UPDATE attachments SET size = size + \(bytes) WHERE id = \(id)", Usage.stored(bytes, store.scope.entitlements),
            ])
        }
    }

    /// The file is there for everyone from the moment in which this commits.
    private func finish(_ blob: StoredBlob, _ repeatable: RepeatableRequest?) async throws -> RecordAnswer {
        let size = Int(blob.size)
        let location = "/v1/attachments/\(id.text)"
        // Never more than was reserved, so nothing can be refused.
        let counted: SQL = """
            UPDATE usage SET used = used + \(size) - (SELECT size FROM attachments WHERE id = \(id)) WHERE resource = \(Resource.storage)
            """
        let whole: SQL = """
            WITH stored AS (
                UPDATE attachments SET size = \(size), digest = \(SQLValue.bytes(blob.digest))
                WHERE id = \(id) AND digest IS NULL AND removed_at IS NULL RETURNING id
            ), \(store.noting(record, from: "stored", before: "NULL::text", after: "\(name)::text"))
            SELECT cell.refuse('TN003', 'attachments_gone') WHERE NOT EXISTS (SELECT FROM stored)
            """
        let show: SQL = "SELECT " + Attachment.columns + " FROM attachments WHERE id = \(id)"
        let kept = repeatable.map {
            $0.remember("SELECT 201::smallint, NULL::integer, \(location)::text, \(Attachment.json) FROM attachments WHERE id = \(id)")
        }
        let before = (repeatable?.claim ?? []) + [store.lock(record, reach: reach), counted, whole]
        let rows: Rows
        do {
            rows = try await store.refusingAttachment(record) { () async throws(PostgresError) in
                try await store.scope.run(before + [show] + (kept.map { [$0] } ?? []))[before.count]
            }
        } catch let error as PostgresError where error.refusal?.constraint == "attachments_gone" {
            throw Problem(.conflict, "The upload took so long that it was given up; send it again.")
        }
        guard let attachment = try rows.first.map(Attachment.init) else { throw PostgresError.unexpected("An upload answered no row.") }
        var answer = RecordAnswer(status: 201, id: id.text, body: attachment.document)
        answer.location = location
        return answer
    }

    /// Gives back what was reserved. In a task of its own: a cancelled upload must give back too. What fails here is swept at night.
    private func release(_ key: BlobKey) async {
        let (scope, blobs, id) = (store.scope, blobs, id)
        await Task {
            try? await blobs.delete(key)
            _ = try? await scope.run([
                """
                WITH released AS (DELETE FROM attachments WHERE id = \(id) AND digest IS NULL RETURNING size)
                UPDATE usage SET used = used - released.size FROM released WHERE resource = \(Resource.storage)
                """
            ])
        }.value
    }
}

/// A content of which no byte passes that has not been reserved, and that ends with a refusal where it is not what it is said to be.
private struct Reserving<Content: AsyncSequence & Sendable>: AsyncSequence, Sendable where Content.Element == [UInt8] {
    let content: Content
    let granted: Int
    let signature: FileSignature?
    /// Whether the refusal is kept with what was refused.
    let isRepeatable: Bool
    /// The most that is read, in bytes.
    let limit: Int
    let grow: @Sendable (Int) async throws -> Void

    func makeAsyncIterator() -> Iterator { Iterator(self) }

    struct Iterator: AsyncIteratorProtocol {
        private let order: Reserving
        private var content: Content.AsyncIterator
        private var granted: Int
        private var signature: FileSignature?
        private var passed = 0

        init(_ order: Reserving) {
            self.order = order
            content = order.content.makeAsyncIterator()
            granted = order.granted
            signature = order.signature
        }

        mutating func next() async throws -> [UInt8]? {
            let piece = try await content.next()
            do throws(Problem) {
                if let piece { try signature?.take(piece) } else { try signature?.finish() }
            } catch {
                guard order.isRepeatable else { throw error }
                throw FileSignature.Mismatch(problem: error, digest: try await digest(to: piece))
            }
            guard let piece else { return nil }
            passed += piece.count
            while passed > granted {
                try await order.grow(Upload.step)
                granted += Upload.step
            }
            return piece
        }

        /// The SHA-256 of the whole, of which `last` has come last: what is left of it is read and kept nowhere.
        private mutating func digest(to last: [UInt8]?) async throws -> [UInt8] {
            var digest = RunningDigest()
            // What has passed before the beginning was judged is part of it.
            digest.add(Array((signature?.head ?? []).prefix(passed)))
            var size = passed
            var next = last
            while let piece = next {
                size += piece.count
                guard size <= order.limit else { throw BlobError.tooLarge(limit: Int64(order.limit)) }
                digest.add(piece)
                next = try await content.next()
            }
            return digest.finish()
        }
    }
}
