import Foundation
import Secrets
import Synchronization

/// Sends signed requests to a bucket, on threads of its own, and sends them again when the server is busy or the network failed.
final class S3Client: Sendable {
    let settings: S3Settings
    private let signature: Signature
    private let idle = Mutex<[IdleExchange]>([])
    private let threads = BlockingThreads.network
    /// How long to wait before the second, third and fourth attempt.
    private static let pauses: [Duration] = [.milliseconds(200), .milliseconds(800), .seconds(3)]

    init(_ settings: S3Settings) {
        self.settings = settings
        signature = Signature(accessKey: settings.accessKey, secretKey: settings.secretKey, region: settings.region)
    }

    /// The answer, whatever its status below 500; `limit` is how many bytes of a body are taken. All our requests may be sent twice.
    func send(_ request: S3Request, limit: Int = 4 << 20) async throws(BlobError) -> S3Response {
        var failure = BlobError.unavailable("")
        for pause in Self.pauses + [nil] as [Duration?] {
            do {
                let response = try await attempt(request, limit: limit)
                guard response.status >= 500 || response.status == 429 else { return response }
                failure = Self.refusal(response)
            } catch {
                if error == .cancelled { throw error }
                failure = error
            }
            guard let pause else { break }
            // Those who failed together shall not come again together.
            do { try await Task.sleep(for: pause * Double.random(in: 0.5...1.5)) } catch { throw .cancelled }
        }
        throw failure
    }

    /// The same, refusing every answer that is not a success.
    func succeed(_ request: S3Request, limit: Int = 4 << 20) async throws(BlobError) -> S3Response {
        let response = try await send(request, limit: limit)
        guard (200..<300).contains(response.status) else { throw Self.refusal(response) }
        return response
    }

    static func refusal(_ response: S3Response) -> BlobError {
        let code = XMLText.first("Code", in: response.text) ?? "status \(response.status)"
        let words = XMLText.first("Message", in: response.text).map { ": \($0)" } ?? ""
        return .unavailable("The bucket answered \(code)\(words)")
    }

    private func attempt(_ request: S3Request, limit: Int) async throws(BlobError) -> S3Response {
        let signed = sign(request, at: .now)
        let query = Signature.query(of: signed)
        let url =
            "\(settings.scheme)://\(settings.host)\(Signature.encoded(signed.path, keepsSlash: true))\(query.isEmpty ? "" : "?\(query)")"
        let callOff = CallOff()
        let work = { @Sendable [self] () throws(BlobError) -> S3Response in
            let exchange = idle.withLock { $0.popLast() }?.exchange ?? CurlExchange(authorities: settings.authorities)
            // After a failure the handle is given up with its connection.
            let response = try exchange.perform(signed, url: url, limit: limit, calledOff: callOff)
            let parked = IdleExchange(exchange: exchange)
            idle.withLock { $0.append(parked) }
            return response
        }
        return try await Self.cancelling(callOff) { () async throws(BlobError) in try await threads.run(work) }
    }

    private static func cancelling<Answer: Sendable>(
        _ callOff: CallOff, _ work: () async throws(BlobError) -> Answer
    ) async throws(BlobError) -> Answer {
        // `withTaskCancellationHandler` forgets the type of what is thrown.
        let result = await withTaskCancellationHandler {
            do throws(BlobError) { return Result<Answer, BlobError>.success(try await work()) } catch { return .failure(error) }
        } onCancel: {
            callOff.callOff()
        }
        return try result.get()
    }

    private func sign(_ request: S3Request, at time: Date) -> S3Request {
        var request = request
        let digest = Digest.sha256(request.body).hex
        request.headers += [("host", settings.host), ("x-amz-content-sha256", digest), ("x-amz-date", Signature.stamp(time))]
        let authorization = signature.authorization(of: request, at: time, payloadDigest: digest)
        request.headers.append(("authorization", authorization))
        return request
    }
}
