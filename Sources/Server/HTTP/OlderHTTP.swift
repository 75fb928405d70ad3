import NIOCore
import NIOHTTP1

/// Turns a request of HTTP/1.0 into the one of HTTP/1.1 that means the same, so that nobody further in has to know of the older version.
///
/// It is its connection's last unless it says `keep-alive`, which the answer then says too (RFC 9112, 9.3); it needs no Host (3.2); it is
/// never told to go on with its body (RFC 9110, 10.1.1).
final class OlderHTTP: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// The client speaks the older version and was promised that the connection stays.
    private var isKept = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        isKept = false
        guard head.version.major < 1 || head.version == .http1_0 else { return context.fireChannelRead(data) }
        // A body in chunks is not of this version, and where it ends is a guess (RFC 9112, 6.1).
        isKept =
            head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "keep-alive" }
            && !head.headers.contains(name: "transfer-encoding")
        head.version = .http1_1
        if !isKept { head.headers.replaceOrAdd(name: "connection", value: "close") }
        if !head.headers.contains(name: "host") { head.headers.add(name: "host", value: "") }
        head.headers.remove(name: "expect")
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard isKept, case .head(var head) = unwrapOutboundIn(data), !head.headers.contains(name: "connection") else {
            return context.write(data, promise: promise)
        }
        head.headers.add(name: "connection", value: "keep-alive")
        context.write(wrapOutboundOut(.head(head)), promise: promise)
    }
}
