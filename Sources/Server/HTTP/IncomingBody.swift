import HummingbirdCore
import NIOCore
import NIOHTTP1
import Records
import Synchronization

/// A request's body: a stream that can be read once, kept here so that a handler may ask for it again.
final class IncomingBody: Sendable {
    private let stream: RequestBody
    private let announced: Int?
    private let limit: Int
    private let kept = Mutex<[UInt8]?>(nil)

    /// - Parameter announced: `Content-Length`, if it was sent.
    init(_ stream: RequestBody, announced: Int?, limit: Int) {
        self.stream = stream
        self.announced = announced
        self.limit = limit
    }

    /// Refuses with `.tooLarge` before reading anything when the length is announced, else as soon as the limit is passed.
    func bytes() async throws(Problem) -> [UInt8] {
        if let bytes = kept.withLock({ $0 }) { return bytes }
        let tooLarge = Problem(.tooLarge, "A body has at most \(limit) bytes.", members: [.init("limit", JSON(limit))])
        if let announced, announced > limit { throw tooLarge }
        let buffer: ByteBuffer
        do {
            buffer = try await stream.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw tooLarge
        } catch let problem as Problem {
            // Told by the connection: it came too slowly.
            throw problem
        } catch {
            throw Problem(.malformed, "The body ended too early or is not framed as HTTP asks.")
        }
        let bytes = Array(buffer.readableBytesView)
        kept.withLock { $0 = bytes }
        return bytes
    }

    /// The body piece by piece, for uploads that do not fit in memory. Only once, and not after `bytes()`.
    var pieces: RequestBody { stream }
}
