import HTTPTypes
import NIOCore
import Records

/// The OpenAPI 3.1 document of a list of endpoints: made from the very values that serve the requests.
struct OpenAPIDocument: Sendable {
    private let title: String
    private let endpoints: [Endpoint]
    private let schemas: [JSON.Member]

    init(_ title: String, endpoints: [Endpoint], schemas: [JSON.Member]) {
        self.title = title
        self.endpoints = endpoints
        self.schemas = schemas
    }

    /// Serves the document to operators.
    func guarded(at path: String) -> Endpoint {
        let bytes = ByteBuffer(bytes: json.bytes)
        return .operator(.get, path, role: .viewer, Self.operation) { _, _ in Reply(bytes) }
    }

    static let operation = Operation(
        "openapi", "This description", tag: "Description",
        responses: [200: ResponseDescription("OpenAPI 3.1.", schema: ["type": "object"])])

    var json: JSON {
        [
            "openapi": "3.1.0",
            "info": ["title": .string(title), "version": "1", "description": .string(Self.introduction)],
            "servers": [["url": "/"]],
            "tags": .array(tags.map { ["name": .string($0)] }),
            "paths": .object(paths),
            "components": [
                "securitySchemes": .object(securitySchemes),
                "schemas": .object((schemas + [Self.problem]).sorted { $0.name < $1.name }),
                "responses": .object(ProblemResponses.components),
            ],
        ]
    }

    private static let introduction = """
        Every refusal is a problem document (RFC 9457) whose `code` never changes its meaning. Lists are read page by page with `limit` and \
        `after`. A write may be repeated safely with `Idempotency-Key`. A plan may limit how often its tenant calls, in a burst and in a day: a \
        call takes as many of the allowance as `x-rate-limit-cost` says, never more than the whole, and more than is there is refused with 429. Every \
        answer to it tells in `RateLimit-Policy`, `RateLimit` and `X-RateLimit-*` how its limits stand. `x-tenant-states` \
        names the states of an account in which a call is possible; in others it is refused with 403 `tenant_suspended`.
        """

    private var tags: [String] {
        endpoints.map(\.operation.tag).reduce(into: []) { tags, tag in
            if !tags.contains(tag) { tags.append(tag) }
        }
    }

    /// In the order in which the addresses first come.
    private var paths: [JSON.Member] {
        var order: [String] = []
        var methods: [String: [JSON.Member]] = [:]
        for endpoint in endpoints {
            if methods[endpoint.path] == nil { order.append(endpoint.path) }
            methods[endpoint.path, default: []].append(.init(endpoint.method.rawValue.lowercased(), OperationDescription(endpoint).json))
        }
        return order.map { JSON.Member($0, .object(methods[$0] ?? [])) }
    }

    private var securitySchemes: [JSON.Member] {
        var schemes: [String: JSON] = [:]
        for endpoint in endpoints {
            switch endpoint.access {
            case .anyone: continue
            case .person, .page:
                schemes["bearer"] = ["type": "http", "scheme": "bearer", "description": "A session's token or an API key."]
                schemes["cookie"] = [
                    "type": "apiKey", "in": "cookie", "name": "tenantry_session",
                    "description": "Set by POST /v1/session; writes need X-CSRF-Token too.",
                ]
            case .operator: schemes["operator"] = ["type": "http", "scheme": "bearer", "description": "An operator's token."]
            }
        }
        return schemes.members
    }

    private static let problem = JSON.Member(
        "Problem",
        [
            "type": "object", "required": ["type", "title", "status", "detail", "instance", "code", "request_id", "errors"],
            "properties": [
                "type": ["type": "string"], "title": ["type": "string"], "status": ["type": "integer"], "detail": ["type": "string"],
                "instance": ["type": "string"], "code": ["type": "string", "enum": JSON(Problem.Code.allCases.map(\.rawValue))],
                "request_id": ["type": "string"],
                "errors": [
                    "type": "array",
                    "items": .objectSchema(
                        [
                            "pointer": ["type": "string"],
                            "code": ["type": "string", "enum": JSON(Problem.FieldCode.allCases.map(\.rawValue))],
                            "detail": ["type": "string"],
                        ], required: ["pointer", "code", "detail"]),
                ],
            ],
        ])
}

extension [String: JSON] {
    /// In alphabetical order, since a dictionary has none.
    var members: [JSON.Member] { sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value) } }
}
