/// What a call on one record is answered with.
package struct RecordAnswer: Sendable {
    package var status: Int
    /// The record's version: its ETag.
    package var version: Int?
    /// The record's id, for `Location`.
    package var id: String?
    /// JSON; nil for 204.
    package var body: [UInt8]?
    /// Whether it was kept from the first time the request came.
    package var isReplay = false
    package var location: String?

    package init(status: Int, version: Int? = nil, id: String? = nil, body: [UInt8]? = nil) {
        self.status = status
        self.version = version
        self.id = id
        self.body = body
    }
}

/// The versions that a write may meet (`If-Match`, RFC 9110 section 13.1.1).
package enum Precondition: Sendable, Hashable {
    /// `*`: whatever version, as long as the record exists.
    case exists
    case versions([Int])

    var versions: [Int]? {
        if case .versions(let versions) = self { versions } else { nil }
    }
}
