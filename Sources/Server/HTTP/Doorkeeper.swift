import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import Records

/// Stands between a connection's HTTP codec and the server, for what never becomes a request or outlives its answer.
///
/// - Bytes that are no HTTP, or headers without end, get a problem document and the connection is closed.
/// - `Expect: 100-continue` is answered, so that a client does not wait before it sends its body.
/// - After an answer with `Connection: close` the rest of the body is read and dropped, up to a bound: closing at once would make the
///   client lose the answer (RFC 9112, 9.6).
final class Doorkeeper: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let bodyLimit: Int
    private let standing: StandingHeaders
    /// Requests that came in and whose answer has not gone out whole.
    private var unanswered = 0
    private var isReadingBody = false
    private var closesAfterAnswer = false
    /// The client said that it sends no further request.
    private var isLast = false
    /// What could not be read after the requests still unanswered.
    private var refusal: Problem?
    private var isClosing = false
    /// Bytes of a body that came after its answer.
    private var late = 0

    private static let patience = 64 << 20

    init(bodyLimit: Int, standing: StandingHeaders) {
        self.bodyLimit = bodyLimit
        self.standing = standing
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            unanswered += 1
            isReadingBody = true
            late = 0
            isLast = head.headerFields[.connection]?.lowercased() == "close"
            if isWaiting(head) && unanswered == 1 {
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
        case .body(let buffer) where unanswered == 0:
            late += buffer.readableBytes
            guard late <= Self.patience else {
                context.close(promise: nil)
                return
            }
        case .body: break
        case .end: isReadingBody = false
        }
        context.fireChannelRead(data)
    }

    /// Whether the client holds its body back until it is told to go on; one that is too large is better never sent.
    private func isWaiting(_ head: HTTPRequest) -> Bool {
        guard head.headerFields[.expect]?.lowercased() == "100-continue" else { return false }
        return head.headerFields[.contentLength].flatMap { Int($0) }.map { $0 <= bodyLimit } ?? true
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Inside a body the request's own answer tells it.
        if isReadingBody && unanswered > 0 {
            closesAfterAnswer = true
            context.fireErrorCaught(error)
            return
        }
        refusal =
            error as? HTTPParserError == .headerOverflow
            ? Problem(.headersTooLarge, "The address and headers of a request are too large.")
            : Problem(.malformed, "This is not HTTP as RFC 9112 writes it.")
        if unanswered == 0 { refuse(context) }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isClosing else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status.kind != .informational:
            if head.headerFields[.connection] == "close" { closesAfterAnswer = true }
            context.write(data, promise: promise)
        case .end:
            unanswered -= 1
            context.write(data, promise: promise)
            if closesAfterAnswer || (isLast && unanswered == 0) {
                finish(context)
            } else if unanswered == 0 && refusal != nil {
                refuse(context)
            }
        default: context.write(data, promise: promise)
        }
    }

    private func refuse(_ context: ChannelHandlerContext) {
        guard let refusal, !isClosing else { return }
        let requestID = RequestID.choose(nil)
        let bytes = refusal.document(instance: "", requestID: requestID).bytes
        var headers: HTTPFields = [
            .contentType: "application/problem+json", .contentLength: String(bytes.count), .connection: "close", .requestID: requestID,
        ]
        standing.add(to: &headers)
        context.write(wrapOutboundOut(.head(HTTPResponse(status: .init(code: refusal.code.status), headerFields: headers))), promise: nil)
        context.write(wrapOutboundOut(.body(context.channel.allocator.buffer(bytes: bytes))), promise: nil)
        context.write(wrapOutboundOut(.end(nil)), promise: nil)
        finish(context)
    }

    private func finish(_ context: ChannelHandlerContext) {
        isClosing = true
        context.flush()
        context.close(mode: .output, promise: nil)
    }
}
