import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import Records

/// Stands between a connection's HTTP codec and the server, for what never becomes a request or outlives its answer.
///
/// - Bytes that are no HTTP, headers without end or without a proper Host, and what takes too long to come, get a problem document and the
///   connection is closed; nothing behind them is done.
/// - `Expect: 100-continue` is answered, so that a client does not wait before it sends its body.
/// - After an answer with `Connection: close` the rest of the body is read and dropped, up to a bound: closing at once would make the
///   client lose the answer (RFC 9112, 9.6).
final class Doorkeeper: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// The largest body of a request, and of one that brings a file.
    private let bodyLimit: Int
    private let fileLimit: Int
    private let standing: StandingHeaders
    /// Requests that came in and whose answer has not gone out whole.
    private var unanswered = 0
    private var isReadingBody = false
    private var closesAfterAnswer = false
    /// No further request is read: the client said so, or what follows cannot be understood.
    private var isLast = false
    /// What could not be read after the requests still unanswered.
    private var refusal: Problem?
    private var isClosing = false
    /// Bytes of a body that came after its answer.
    private var late = 0

    private static let patience = 64 << 20

    init(bodyLimit: Int, fileLimit: Int, standing: StandingHeaders) {
        self.bodyLimit = bodyLimit
        self.fileLimit = fileLimit
        self.standing = standing
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Behind the last request; the end of its own body still counts.
        guard refusal == nil, isReadingBody || !(isLast || closesAfterAnswer) else { return drop(data, context) }
        switch unwrapInboundIn(data) {
        case .head(var head):
            guard head.hasHost else {
                return refuse(Problem(.malformed, "The Host header is missing, or is no host (RFC 9112, 3.2)."), context)
            }
            unanswered += 1
            isReadingBody = true
            late = 0
            isLast = head.isLast
            // The server would not read its body to the end.
            if isLast { head.headerFields[.connection] = nil }
            if isWaiting(head) && unanswered == 1 {
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
            return context.fireChannelRead(wrapInboundOut(.head(head)))
        case .body where unanswered == 0:
            return drop(data, context)
        case .body: break
        case .end: isReadingBody = false
        }
        context.fireChannelRead(data)
    }

    /// Nobody waits for it any more. A client that sends a little of it reads its answer; one without end is cut off.
    private func drop(_ data: NIOAny, _ context: ChannelHandlerContext) {
        guard case .body(let buffer) = unwrapInboundIn(data) else { return }
        late += buffer.readableBytes
        if late > Self.patience { context.close(promise: nil) }
    }

    /// Whether the client holds its body back until it is told to go on; one that is too large is better never sent.
    private func isWaiting(_ head: HTTPRequest) -> Bool {
        guard head.headerFields[.expect]?.lowercased() == "100-continue" else { return false }
        let limit = head.bringsFile ? fileLimit : bodyLimit
        return head.headerFields[.contentLength].flatMap { Int($0) }.map { $0 <= limit } ?? true
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard isReadingBody else {
            return refuse(error as? Problem ?? Self.problem(error), context)
        }
        guard unanswered > 0 else { return context.close(promise: nil) }
        // Inside a body the request's own answer tells it.
        isLast = true
        context.fireErrorCaught(error)
    }

    private static func problem(_ error: any Error) -> Problem {
        error as? HTTPParserError == .headerOverflow
            ? Problem(.headersTooLarge, "The address and headers of a request are too large.")
            : Problem(.malformed, "This is not HTTP as RFC 9112 writes it.")
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isClosing else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var head) where head.status.kind != .informational:
            if isLast && unanswered == 1 { head.headerFields[.connection] = "close" }
            if head.headerFields[.connection] == "close" { closesAfterAnswer = true }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end:
            unanswered -= 1
            context.write(data, promise: promise)
            if closesAfterAnswer || (isLast && unanswered == 0) {
                finish(context)
            } else if unanswered == 0 {
                tellRefusal(context)
            }
        default: context.write(data, promise: promise)
        }
    }

    /// Reads nothing more and says why, once everything before has been answered.
    private func refuse(_ problem: Problem, _ context: ChannelHandlerContext) {
        guard refusal == nil, !isClosing else { return }
        refusal = problem
        if unanswered == 0 { tellRefusal(context) }
    }

    private func tellRefusal(_ context: ChannelHandlerContext) {
        guard let refusal else { return }
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

extension HTTPRequest {
    /// Whether its address takes files, which are never in memory.
    fileprivate var bringsFile: Bool {
        let path = path?.prefix { $0 != "?" } ?? ""
        return method == .post && path.hasSuffix("/attachments")
    }

    /// Whether its Host consists of what a name, an address and a port may hold (RFC 3986, 3.2.2).
    fileprivate var hasHost: Bool {
        authority?.utf8.allSatisfy { Self.hostBytes.contains($0) } ?? false
    }

    private static let hostBytes = Set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._~%!$&'()*+,;=:[]".utf8)

    /// Whether the client sends no request after this one.
    fileprivate var isLast: Bool {
        headerFields[.connection]?.lowercased().split { $0 == "," || $0 == " " }.contains("close") ?? false
    }
}
