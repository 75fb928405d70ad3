import Outgoing

/// One call of a bucket.
struct S3Request: Sendable {
    var method: OutgoingRequest.Method
    /// Decoded, with a slash at the beginning.
    var path: String
    /// Decoded; in any order.
    var query: [(name: String, value: String)] = []
    /// Names in lower case.
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []
}
