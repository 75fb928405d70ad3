import Synchronization

/// Sends requests to other servers by HTTP, on threads of its own; connections are kept for the next request.
package final class OutgoingClient: Sendable {
    private let authorities: String?
    private let idle = Mutex<[IdleExchange]>([])
    private let threads = BlockingThreads.network

    /// - Parameter authorities: a file of certificates to trust in place of the system's.
    package init(authorities: String? = nil) {
        self.authorities = authorities
    }

    /// The answer, whatever its status; `limit` is how many bytes of a body are taken. Cancelling the task cuts the transfer.
    package func send(_ request: OutgoingRequest, limit: Int = 4 << 20) async throws(OutgoingError) -> OutgoingResponse {
        let callOff = CallOff()
        let work = { @Sendable [self] () throws(OutgoingError) -> OutgoingResponse in
            let exchange = idle.withLock { $0.popLast() }?.exchange ?? CurlExchange(authorities: authorities)
            // After a failure the handle is given up with its connection.
            let response = try exchange.perform(request, limit: limit, calledOff: callOff)
            let parked = IdleExchange(exchange: exchange)
            idle.withLock { $0.append(parked) }
            return response
        }
        return try await Self.cancelling(callOff) { () async throws(OutgoingError) in try await threads.run(work) }
    }

    private static func cancelling<Answer: Sendable>(
        _ callOff: CallOff, _ work: () async throws(OutgoingError) -> Answer
    ) async throws(OutgoingError) -> Answer {
        // `withTaskCancellationHandler` forgets the type of what is thrown.
        let result = await withTaskCancellationHandler {
            do throws(OutgoingError) { return Result<Answer, OutgoingError>.success(try await work()) } catch { return .failure(error) }
        } onCancel: {
            callOff.callOff()
        }
        return try result.get()
    }
}
