/// One call of a bucket.
struct S3Request: Sendable {
    enum Method: String, Sendable { case get = "GET", head = "HEAD", put = "PUT", post = "POST", delete = "DELETE" }

    var method: Method
    /// Decoded, with a slash at the beginning.
    var path: String
    /// Decoded; in any order.
    var query: [(name: String, value: String)] = []
    /// Names in lower case.
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []
}

struct S3Response: Sendable {
    var status = 0
    /// Names in lower case.
    var headers: [String: String] = [:]
    var body: [UInt8] = []

    var text: String { String(decoding: body, as: UTF8.self) }
}
