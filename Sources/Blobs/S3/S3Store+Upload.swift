import Foundation
import Secrets

extension S3Store {
    package func put<Content: AsyncSequence & Sendable>(_ key: BlobKey, _ content: Content, limit: Int64) async throws -> StoredBlob
    where Content.Element == [UInt8] {
        var digest = RunningDigest()
        var size: Int64 = 0
        var upload: Upload?
        var held: [UInt8]?
        do {
            for try await part in Batches(content: content, size: partSize) {
                size += Int64(part.count)
                guard size <= limit else { throw BlobError.tooLarge(limit: limit) }
                digest.add(part)
                // The first part waits until it is known whether there is a second.
                if let first = held {
                    if upload == nil { upload = try await begin(key) }
                    try await upload?.add(first, by: client)
                }
                held = part
            }
            guard upload != nil else {
                _ = try await client.succeed(S3Request(method: .put, path: path(of: key), body: held ?? []))
                return StoredBlob(size: size, digest: digest.finish())
            }
            if let held { try await upload?.add(held, by: client) }
            let length = size
            try await upload?.complete(by: client) { () async throws(BlobError) in try await self.size(of: key) == length }
        } catch {
            // In a task of its own: a cancelled one must clean up too. What cannot be removed now, `removeUnfinished` finds.
            if let upload { _ = await Task { [client] in try? await upload.abandon(by: client) }.value }
            throw error
        }
        return StoredBlob(size: size, digest: digest.finish())
    }

    package func removeUnfinished(before: Date) async throws(BlobError) {
        var request = S3Request(method: .get, path: client.settings.path)
        request.query = [("uploads", ""), ("prefix", client.settings.prefix)]
        let text = try await client.succeed(request).text
        for element in XMLText.elements("Upload", in: text) {
            guard let name = XMLText.first("Key", in: element), let id = XMLText.first("UploadId", in: element),
                let begun = XMLText.first("Initiated", in: element).flatMap(Self.time), begun < before
            else { continue }
            try await Upload(path: client.settings.path + name, id: id).abandon(by: client)
        }
    }

    private func begin(_ key: BlobKey) async throws(BlobError) -> Upload {
        let response = try await client.succeed(S3Request(method: .post, path: path(of: key), query: [("uploads", "")]))
        guard let id = XMLText.first("UploadId", in: response.text) else { throw S3Client.refusal(response) }
        return Upload(path: path(of: key), id: id)
    }
}

/// An object on its way, part by part.
private struct Upload: Sendable {
    let path: String
    let id: String
    private var tags: [String] = []

    init(path: String, id: String) {
        self.path = path
        self.id = id
    }

    mutating func add(_ part: [UInt8], by client: S3Client) async throws(BlobError) {
        let query = [("partNumber", String(tags.count + 1)), ("uploadId", id)]
        let response = try await client.succeed(S3Request(method: .put, path: path, query: query, body: part))
        guard let tag = response.headers["etag"] else { throw .unavailable("The bucket gave a part no ETag.") }
        tags.append(tag)
    }

    /// `arrived` tells whether the object is there with all its bytes: an answer may be lost after the bucket has done its part, and a second
    /// call then finds no such upload.
    func complete(by client: S3Client, arrived: () async throws(BlobError) -> Bool) async throws(BlobError) {
        let parts = tags.enumerated().map { "<Part><PartNumber>\($0 + 1)</PartNumber><ETag>\($1)</ETag></Part>" }.joined()
        let body = Array("<CompleteMultipartUpload>\(parts)</CompleteMultipartUpload>".utf8)
        let response = try await client.send(S3Request(method: .post, path: path, query: [("uploadId", id)], body: body))
        if response.status == 404, try await arrived() { return }
        // It may begin with 200 and fail later.
        guard response.status == 200, XMLText.elements("Error", in: response.text).isEmpty else { throw S3Client.refusal(response) }
    }

    func abandon(by client: S3Client) async throws(BlobError) {
        let response = try await client.send(S3Request(method: .delete, path: path, query: [("uploadId", id)]))
        guard (200..<300).contains(response.status) || response.status == 404 else { throw S3Client.refusal(response) }
    }
}
