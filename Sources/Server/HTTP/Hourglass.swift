import HTTPTypes
import NIOCore
import NIOHTTPTypes
import Records

/// Gives headers and bodies a bounded time to arrive, so that nobody holds a connection by sending a byte now and then.
///
/// Only time in which the server waits for the client counts: while it does not read, because it is busy with what came before, the sand
/// stands still. What takes too long becomes an error of the connection, which `Doorkeeper` tells the client.
final class Hourglass: ChannelDuplexHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private enum Awaited { case nothing, headers, body }

    private let headerTime: TimeAmount
    private let bodyTime: TimeAmount
    private var awaited = Awaited.nothing
    /// How much of the body has come.
    private var received = 0
    /// How long the client has been waited for, up to the last pause, and since when it is waited for now.
    private var waited = TimeAmount.zero
    private var waitsSince: NIODeadline?
    private var alarm: Scheduled<Void>?
    /// What has just been read was more than a piece of headers.
    private var isWhole = false
    private var isOver = false

    /// A body gets its time anew for each part of this size.
    private static let part = 2 << 20

    init(headerTime: Duration, bodyTime: Duration) {
        self.headerTime = TimeAmount(headerTime)
        self.bodyTime = TimeAmount(bodyTime)
    }

    func read(context: ChannelHandlerContext) {
        if waitsSince == nil { waitsSince = context.eventLoop.now }
        setAlarm(context)
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        stopWaiting(context)
        isWhole = true
        switch unwrapInboundIn(data) {
        case .head: begin(.body)
        case .body(let buffer): received += buffer.readableBytes
        case .end: begin(.nothing)
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        stopWaiting(context)
        // Something came, and it was not enough to say what.
        if !isWhole && awaited == .nothing && !isOver { begin(.headers) }
        isWhole = false
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { end() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    private func begin(_ next: Awaited) {
        awaited = next
        (received, waited) = (0, .zero)
        alarm?.cancel()
        alarm = nil
    }

    /// Nothing more will come.
    private func end() {
        isOver = true
        begin(.nothing)
    }

    private func stopWaiting(_ context: ChannelHandlerContext) {
        guard let since = waitsSince else { return }
        waited = waited + (context.eventLoop.now - since)
        waitsSince = nil
    }

    private var allowed: TimeAmount? {
        switch awaited {
        case .nothing: nil
        case .headers: headerTime
        case .body: bodyTime * (1 + received / Self.part)
        }
    }

    private func setAlarm(_ context: ChannelHandlerContext) {
        guard alarm == nil, let allowed, let since = waitsSince else { return }
        alarm = context.eventLoop.assumeIsolated().scheduleTask(deadline: since + (allowed - waited)) { self.ring(context) }
    }

    private func ring(_ context: ChannelHandlerContext) {
        alarm = nil
        // Without a read on its way the next one sets the alarm again.
        guard let allowed, let since = waitsSince else { return }
        guard waited + (context.eventLoop.now - since) >= allowed else { return setAlarm(context) }
        let what = awaited == .headers ? "headers" : "body"
        end()
        context.fireErrorCaught(Problem(.requestTimeout, "The \(what) of the request took too long to arrive."))
    }
}
