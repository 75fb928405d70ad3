import Foundation

/// Blobs as objects of a bucket that speaks Amazon's S3: for more than one machine.
///
/// What is short goes in one request; what is long goes in parts, one of which is in memory at a time, and appears when all are there.
package struct S3Store: BlobStore {
    let client: S3Client
    /// A bucket takes at most 10,000 parts: 80 GB at this size.
    let partSize: Int
    package let pieceSize: Int64 = 2 << 20
    package var place: String { "\(client.settings)" }

    package init(_ settings: S3Settings) { self.init(settings, partSize: 8 << 20) }

    init(_ settings: S3Settings, partSize: Int) {
        client = S3Client(settings)
        self.partSize = partSize
    }

    package func size(of key: BlobKey) async throws(BlobError) -> Int64? {
        let response = try await client.send(S3Request(method: .head, path: path(of: key)))
        if response.status == 404 { return nil }
        guard response.status == 200, let size = response.headers["content-length"].flatMap({ Int64($0) }) else {
            throw S3Client.refusal(response)
        }
        return size
    }

    package func piece(of key: BlobKey, _ range: Range<Int64>) async throws(BlobError) -> [UInt8] {
        guard !range.isEmpty else { return [] }
        var request = S3Request(method: .get, path: path(of: key))
        request.headers = [("range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")]
        // A refusal comes with a few lines of XML.
        let response = try await client.send(request, limit: max(Int(range.count), 64 << 10))
        switch response.status {
        case 206: return response.body
        // A server that does not know ranges, or a range from the beginning to the end.
        case 200 where range.lowerBound == 0: return Array(response.body.prefix(Int(range.count)))
        // The range begins behind the end.
        case 416: return []
        case 404: throw .notFound(key)
        default: throw S3Client.refusal(response)
        }
    }

    package func delete(_ key: BlobKey) async throws(BlobError) {
        let response = try await client.send(S3Request(method: .delete, path: path(of: key)))
        guard (200..<300).contains(response.status) || response.status == 404 else { throw S3Client.refusal(response) }
    }

    package func list(_ prefix: String, after: BlobKey?, limit: Int) async throws(BlobError) -> [BlobEntry] {
        var entries: [BlobEntry] = []
        var after = after
        while entries.count < limit {
            let page = try await page(prefix, after: after, limit: min(1000, limit - entries.count))
            entries += page
            guard let last = page.last else { break }
            after = last.key
        }
        return entries
    }

    private func page(_ prefix: String, after: BlobKey?, limit: Int) async throws(BlobError) -> [BlobEntry] {
        let own = client.settings.prefix
        var request = S3Request(method: .get, path: client.settings.path)
        request.query = [("list-type", "2"), ("prefix", own + prefix), ("max-keys", String(limit))]
        if let after { request.query.append(("start-after", own + after.text)) }
        let text = try await client.succeed(request).text
        return XMLText.elements("Contents", in: text).compactMap { object in
            // What is no key of ours was put there by someone else.
            guard let name = XMLText.first("Key", in: object), let key = BlobKey(String(name.dropFirst(own.count))),
                let size = XMLText.first("Size", in: object).flatMap({ Int64($0) }),
                let modified = XMLText.first("LastModified", in: object).flatMap(Self.time)
            else { return nil }
            return BlobEntry(key: key, size: size, modified: modified)
        }
    }

    func path(of key: BlobKey) -> String { client.settings.path + client.settings.prefix + key.text }

    static func time(_ text: String) -> Date? {
        (try? Date(text, strategy: .iso8601.time(includingFractionalSeconds: true))) ?? (try? Date(text, strategy: .iso8601))
    }
}
