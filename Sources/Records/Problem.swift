/// A refusal that a person or a program can act on: RFC 9457 with a code for machines and a sentence for people.
package struct Problem: Error, Sendable, Hashable {
    package var code: Code
    /// What happened and what to do next, in a sentence.
    package var detail: String
    /// Which parts of the input are wrong.
    package var errors: [FieldError]
    /// Further members of the document: `current_version`, `existing`, `limit`, ...
    package var members: [JSON.Member]
    /// Seconds after which another try makes sense.
    package var retryAfter: Int?
    /// Methods that the address has, for 405.
    package var allow: [String]

    package init(
        _ code: Code, _ detail: String, errors: [FieldError] = [], members: [JSON.Member] = [], retryAfter: Int? = nil, allow: [String] = []
    ) {
        self.code = code
        self.detail = detail
        self.errors = errors
        self.members = members
        self.retryAfter = retryAfter
        self.allow = allow
    }

    /// Every refusal there is. A code is never used for another meaning.
    package enum Code: String, Sendable, Hashable, CaseIterable {
        case malformed, cursor, unauthenticated, planLimit = "plan_limit", forbidden, tenantSuspended = "tenant_suspended"
        case notFound = "not_found", methodNotAllowed = "method_not_allowed", notAcceptable = "not_acceptable"
        case requestTimeout = "request_timeout"
        case conflict, duplicate, idempotencyRunning = "idempotency_running", gone
        case versionMismatch = "version_mismatch", tooLarge = "too_large", addressTooLong = "address_too_long"
        case unsupportedMediaType = "unsupported_media_type", rangeNotSatisfiable = "range_not_satisfiable", invalid, idempotencyMismatch =
            "idempotency_mismatch"
        case batchFailed = "batch_failed", failedDependency = "failed_dependency"
        case preconditionRequired = "precondition_required", rateLimited = "rate_limited", headersTooLarge = "headers_too_large"
        case maintenance, overloaded, outcomeUnknown = "outcome_unknown", internalError = "internal_error"

        package var status: Int {
            switch self {
            case .malformed, .cursor: 400
            case .unauthenticated: 401
            case .planLimit: 402
            case .forbidden, .tenantSuspended: 403
            case .notFound: 404
            case .methodNotAllowed: 405
            case .notAcceptable: 406
            case .requestTimeout: 408
            case .conflict, .duplicate, .idempotencyRunning: 409
            case .gone: 410
            case .versionMismatch: 412
            case .tooLarge: 413
            case .addressTooLong: 414
            case .unsupportedMediaType: 415
            case .rangeNotSatisfiable: 416
            case .invalid, .idempotencyMismatch, .batchFailed: 422
            case .failedDependency: 424
            case .preconditionRequired: 428
            case .rateLimited: 429
            case .headersTooLarge: 431
            case .internalError: 500
            case .maintenance, .overloaded, .outcomeUnknown: 503
            }
        }

        package var title: String {
            switch self {
            case .malformed: "The request cannot be read"
            case .cursor: "The cursor does not fit"
            case .unauthenticated: "Sign in first"
            case .planLimit: "A limit of the plan is reached"
            case .forbidden: "Not allowed"
            case .tenantSuspended: "The account is suspended"
            case .notFound: "Not found"
            case .methodNotAllowed: "The address does not have this method"
            case .notAcceptable: "The answer has no such form"
            case .requestTimeout: "The request came too slowly"
            case .conflict: "The state does not allow it"
            case .duplicate: "There is one already"
            case .idempotencyRunning: "The same request is still running"
            case .gone: "Erased"
            case .versionMismatch: "Someone else was faster"
            case .tooLarge: "The body is too large"
            case .addressTooLong: "The address is too long"
            case .unsupportedMediaType: "The body has another form"
            case .rangeNotSatisfiable: "There are no such bytes"
            case .invalid: "The request breaks the model"
            case .idempotencyMismatch: "The idempotency key was used for another request"
            case .batchFailed: "An operation of the batch failed"
            case .failedDependency: "Another operation of the batch failed"
            case .preconditionRequired: "If-Match is required"
            case .rateLimited: "Too many requests"
            case .headersTooLarge: "The headers are too large"
            case .maintenance: "Being upgraded"
            case .overloaded: "Too busy"
            case .outcomeUnknown: "The outcome is not known"
            case .internalError: "Our mistake"
            }
        }
    }

    /// What is wrong with one part of the input.
    package struct FieldError: Sendable, Hashable {
        /// JSON pointer (RFC 6901) into the body.
        package var pointer: String
        package var code: FieldCode
        package var detail: String

        package init(_ pointer: String, _ code: FieldCode, _ detail: String) {
            self.pointer = pointer
            self.code = code
            self.detail = detail
        }
    }

    package enum FieldCode: String, Sendable, Hashable, CaseIterable {
        case required, unknown, type, format, `enum`, range, tooLong = "too_long", reference, readOnly = "read_only", duplicate, immutable
    }

    /// 422 with the errors found.
    package static func invalid(_ errors: [FieldError]) -> Problem {
        Problem(.invalid, errors.count == 1 ? errors[0].detail : "\(errors.count) parts of the request break the model.", errors: errors)
    }

    /// The same problem of a body that is a part of a larger one: `/amount` becomes `/create_deal/amount`.
    package func under(_ place: String) -> Problem {
        var problem = self
        problem.errors = errors.map { .init(place + $0.pointer, $0.code, $0.detail) }
        return problem
    }

    package static let notFound = Problem(.notFound, "There is nothing at this address that you may see.")

    /// The document as it is sent, with what only the request knows.
    package func document(instance: String, requestID: String) -> JSON {
        .object(
            [
                .init("type", .string("/docs/problems#\(code.rawValue)")), .init("title", .string(code.title)),
                .init("status", JSON(code.status)), .init("detail", .string(detail)), .init("instance", .string(instance)),
                .init("code", .string(code.rawValue)), .init("request_id", .string(requestID)),
                .init(
                    "errors",
                    .array(
                        errors.map {
                            ["pointer": .string($0.pointer), "code": .string($0.code.rawValue), "detail": .string($0.detail)]
                        })),
            ] + members)
    }
}
