import Records

extension Parameter {
    /// The id of a record in a path.
    package static func id(_ name: String = "id", _ description: String = "The record's id.") -> Parameter {
        Parameter(name, in: .path, ["type": "string", "format": "uuid"], description)
    }

    package static let idempotencyKey = Parameter(
        "Idempotency-Key", in: .header, ["type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"],
        "Sent again with the same key, the request is not done twice: the first answer comes again, for 24 hours.")

    package static let ifMatch = Parameter(
        "If-Match", in: .header, ["type": "string", "pattern": "^(\\*|\"[0-9]+\"(, ?\"[0-9]+\")*)$"],
        "The ETag of the version to be changed; refused with 412 when someone was faster.")

    package static let ifNoneMatch = Parameter(
        "If-None-Match", in: .header, ["type": "string", "pattern": "^(\\*|(W/)?\"[0-9]+\"(, ?(W/)?\"[0-9]+\")*)$"],
        "The ETag of the version at hand; 304 when it is still the latest.")

    package static let limit = Parameter(
        "limit", in: .query, ["type": "integer", "minimum": 1, "maximum": 200, "default": 50], "How many to answer at most.")

    package static let after = Parameter(
        "after", in: .query, ["type": "string", "minLength": 1], "The cursor in `page.next` of the page before.")

    /// Of calls that have no body.
    package static let reason = Parameter("reason", in: .query, ["type": "string", "maxLength": 500], "Why; the audit keeps it.")
}
