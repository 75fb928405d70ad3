import Foundation
import Secrets

/// AWS Signature Version 4: proves that whoever sends a request holds the secret key, and that nobody changed it on the way.
///
/// As in "Authenticating Requests: Using the Authorization Header" of the Amazon S3 API reference; tested with its examples.
struct Signature: Sendable {
    let accessKey: String
    let secretKey: String
    let region: String
    var service = "s3"

    /// The value of the `Authorization` header. Every header of the request is signed, so they must include `host` and `x-amz-date`.
    func authorization(of request: S3Request, at time: Date, payloadDigest: String) -> String {
        let stamp = Self.stamp(time)
        let scope = "\(stamp.prefix(8))/\(region)/\(service)/aws4_request"
        let canonical = canonicalForm(of: request, payloadDigest: payloadDigest)
        let text = "AWS4-HMAC-SHA256\n\(stamp)\n\(scope)\n\(Digest.sha256(canonical).hex)"
        let signature = Digest.hmac(key: key(day: String(stamp.prefix(8))), text).hex
        return "AWS4-HMAC-SHA256 Credential=\(accessKey)/\(scope),SignedHeaders=\(signedHeaders(of: request)),Signature=\(signature)"
    }

    /// As in `20130524T000000Z`.
    static func stamp(_ time: Date) -> String {
        time.formatted(
            .iso8601.year().month().day().dateSeparator(.omitted).dateTimeSeparator(.standard)
                .time(includingFractionalSeconds: false).timeSeparator(.omitted).timeZone(separator: .omitted))
    }

    /// Percent-encodes everything but what RFC 3986 leaves free, byte by byte.
    static func encoded(_ text: String, keepsSlash: Bool = false) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                bytes.append(byte)
            case UInt8(ascii: "/") where keepsSlash: bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Sorted and encoded: what is signed and what is sent.
    static func query(of request: S3Request) -> String {
        request.query.map { (encoded($0.name), encoded($0.value)) }.sorted { $0 < $1 }.map { "\($0)=\($1)" }.joined(separator: "&")
    }

    private func canonicalForm(of request: S3Request, payloadDigest: String) -> String {
        let headers = sorted(request.headers).map { "\($0.name):\($0.value.trimmingCharacters(in: .whitespaces))\n" }.joined()
        return [
            request.method.rawValue, Self.encoded(request.path, keepsSlash: true), Self.query(of: request), headers,
            signedHeaders(of: request), payloadDigest,
        ].joined(separator: "\n")
    }

    private func signedHeaders(of request: S3Request) -> String { sorted(request.headers).map(\.name).joined(separator: ";") }

    private func sorted(_ headers: [(name: String, value: String)]) -> [(name: String, value: String)] {
        headers.sorted { $0.name < $1.name }
    }

    private func key(day: String) -> [UInt8] {
        [day, region, service, "aws4_request"].reduce(Array("AWS4\(secretKey)".utf8)) { Digest.hmac(key: $0, $1) }
    }
}
