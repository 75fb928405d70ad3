import Foundation
import Outgoing
import Secrets

/// Sends signed requests to a bucket, and sends them again when the server is busy or the network failed.
final class S3Client: Sendable {
    let settings: S3Settings
    private let signature: Signature
    private let client: OutgoingClient
    /// How long to wait before the second, third and fourth attempt.
    private static let pauses: [Duration] = [.milliseconds(200), .milliseconds(800), .seconds(3)]

    init(_ settings: S3Settings) {
        self.settings = settings
        client = OutgoingClient(authorities: settings.authorities)
        signature = Signature(accessKey: settings.accessKey, secretKey: settings.secretKey, region: settings.region)
    }

    /// The answer, whatever its status below 500; `limit` is how many bytes of a body are taken. All our requests may be sent twice.
    func send(_ request: S3Request, limit: Int = 4 << 20) async throws(BlobError) -> OutgoingResponse {
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
    func succeed(_ request: S3Request, limit: Int = 4 << 20) async throws(BlobError) -> OutgoingResponse {
        let response = try await send(request, limit: limit)
        guard (200..<300).contains(response.status) else { throw Self.refusal(response) }
        return response
    }

    static func refusal(_ response: OutgoingResponse) -> BlobError {
        let code = XMLText.first("Code", in: response.text) ?? "status \(response.status)"
        let words = XMLText.first("Message", in: response.text).map { ": \($0)" } ?? ""
        return .unavailable("The bucket answered \(code)\(words)")
    }

    private func attempt(_ request: S3Request, limit: Int) async throws(BlobError) -> OutgoingResponse {
        let signed = sign(request, at: .now)
        let query = Signature.query(of: signed)
        let url =
            "\(settings.scheme)://\(settings.host)\(Signature.encoded(signed.path, keepsSlash: true))\(query.isEmpty ? "" : "?\(query)")"
        do throws(OutgoingError) {
            return try await client.send(OutgoingRequest(signed.method, url, headers: signed.headers, body: signed.body), limit: limit)
        } catch {
            switch error {
            case .unavailable(let reason): throw .unavailable(reason)
            case .cancelled: throw .cancelled
            }
        }
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
