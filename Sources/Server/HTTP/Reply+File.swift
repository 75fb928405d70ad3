import Blobs
import HTTPTypes
import HummingbirdCore
import NIOCore
import Records

extension Reply {
    /// A kept content to be saved as a file, never shown in place: streamed piece by piece as fast as the client takes it.
    ///
    /// - Parameters:
    ///   - tag: what the content's `ETag` is made of.
    ///   - part: which bytes of it, answered as 206; nil for all. See `Call.byteRange`.
    static func file(
        _ key: BlobKey, in blobs: any BlobStore, size: Int, name: String, contentType: String, tag: String, part: Range<Int>?,
        for call: Call
    ) throws(Problem) -> Reply {
        let range = part ?? 0..<size
        var reply = Reply(contentType: contentType, ByteBuffer())
        reply.headers[.contentDisposition] = ContentDisposition.attachment(name)
        reply.headers[.acceptRanges] = "bytes"
        if part != nil {
            reply.status = .partialContent
            reply.headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
        }
        reply.body = ResponseBody(contentLength: range.count) { writer in
            let pieces = blobs.pieces(of: key, Int64(range.lowerBound)..<Int64(range.upperBound))
            for try await piece in pieces { try await writer.write(ByteBuffer(bytes: piece)) }
            try await writer.finish(nil)
        }
        return try reply.tagged(tag, for: call)
    }
}

extension Call {
    /// The bytes that `Range` asks for. `If-Range` asks for all when the content is another.
    func byteRange(of size: Int, tag: String) -> ByteRange {
        let isSame = headers[.ifRange].map { $0 == "\"\(tag)\"" } ?? true
        return method == .get && isSame ? ByteRange(headers[.range], of: size) : .whole
    }
}

extension Parameter {
    /// With what a download goes on where it ended.
    static let ofDownload = [
        Parameter("Range", in: .header, ["type": "string"], "One range of bytes, as bytes=1000-, for a download that goes on."),
        Parameter("If-Range", in: .header, ["type": "string"], "The ETag of the part at hand."),
        Parameter("If-None-Match", in: .header, ["type": "string"], "The ETag at hand; 304."),
    ]
}

extension ResponseDescription {
    /// What stands above a file.
    static let headersOfDownload: [(name: String, description: String)] = [
        ("Content-Disposition", "attachment, with a name for the file."), ("ETag", "Of this very content."),
    ]
}
