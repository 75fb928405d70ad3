import Blobs
import HTTPTypes
import HummingbirdCore
import NIOCore
import Records

extension Reply {
    /// A kept content to be saved as a file, never shown in place: streamed piece by piece as fast as the client takes it.
    ///
    /// One range of bytes is answered alone (206; RFC 9110, 14); several, or one that is not there, with the whole.
    ///
    /// - Parameters:
    ///   - name: ASCII without quotes.
    ///   - tag: what the content's `ETag` is made of.
    static func file(
        _ key: BlobKey, in blobs: any BlobStore, size: Int64, name: String, contentType: String, tag: String, for call: Call
    ) throws(Problem) -> Reply {
        let part = call.range(of: size, tag: tag)
        let range = part ?? 0..<size
        var reply = Reply(contentType: contentType, ByteBuffer())
        reply.headers[.contentDisposition] = "attachment; filename=\"\(name)\""
        reply.headers[.acceptRanges] = "bytes"
        if part != nil {
            reply.status = .partialContent
            reply.headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
        }
        reply.body = ResponseBody(contentLength: range.count) { writer in
            for try await piece in blobs.pieces(of: key, range) { try await writer.write(ByteBuffer(bytes: piece)) }
            try await writer.finish(nil)
        }
        return try reply.tagged(tag, for: call)
    }
}

extension Call {
    /// The bytes that `Range` asks for; nil for all of them. `If-Range` asks for all when the content is another.
    fileprivate func range(of size: Int64, tag: String) -> Range<Int64>? {
        guard method == .get, let header = headers[.range], header.lowercased().hasPrefix("bytes="), size > 0 else { return nil }
        if let known = headers[.ifRange], known != "\"\(tag)\"" { return nil }
        let ends = header.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, ends.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }) else { return nil }
        switch (Int64(ends[0]), Int64(ends[1])) {
        case (let first?, let last?) where first <= last && first < size: return first..<min(last, size - 1) + 1
        case (let first?, nil) where ends[1].isEmpty && first < size: return first..<size
        case (nil, let count?) where ends[0].isEmpty && count > 0: return max(0, size - count)..<size
        default: return nil
        }
    }
}
