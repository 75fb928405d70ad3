import HummingbirdCore
import NIOCore
import Records

/// A request's body as it arrives, for what is too large for memory. What goes wrong on the connection becomes a problem.
struct UploadedBytes: AsyncSequence, Sendable {
    let body: RequestBody

    func makeAsyncIterator() -> Iterator { Iterator(body: body.makeAsyncIterator()) }

    struct Iterator: AsyncIteratorProtocol {
        var body: RequestBody.AsyncIterator

        mutating func next() async throws -> [UInt8]? {
            do {
                return try await body.next().map { Array($0.readableBytesView) }
            } catch let problem as Problem {
                // Told by the connection: it came too slowly.
                throw problem
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                throw Problem(.malformed, "The body ended too early or is not framed as HTTP asks.")
            }
        }
    }
}
