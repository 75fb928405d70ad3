import HTTPTypes
import Records
import Tenancy

/// One endpoint as OpenAPI's Operation Object.
struct OperationDescription: Sendable {
    private let endpoint: Endpoint

    init(_ endpoint: Endpoint) {
        self.endpoint = endpoint
    }

    var json: JSON {
        let operation = endpoint.operation
        var members: [JSON.Member] = [
            .init("operationId", .string(operation.id)), .init("summary", .string(operation.summary)),
            .init("tags", [.string(operation.tag)]), .init("security", security),
        ]
        if !operation.parameters.isEmpty { members.append(.init("parameters", .array(operation.parameters.map(Self.parameter)))) }
        if let body = operation.body { members.append(.init("requestBody", Self.body(body))) }
        members.append(.init("responses", .object(responses)))
        if case .person(let effect, _) = endpoint.access {
            let states = TenantState.allCases.filter(effect.isAllowed)
            members.append(.init("x-tenant-states", JSON(states.map(\.rawValue))))
        }
        if cost != .nothing { members.append(.init("x-rate-limit-cost", JSON(cost.rawValue))) }
        return .object(members)
    }

    /// What it takes from the tenant's rates, whoever the tenant is.
    private var cost: Cost { endpoint.operation.cost ?? endpoint.cost }

    private var security: JSON {
        switch endpoint.access {
        case .anyone: []
        case .person: [["bearer": []], ["cookie": []]]
        case .page: [["cookie": []]]
        case .operator: [["operator": []]]
        }
    }

    private static func parameter(_ parameter: Parameter) -> JSON {
        var members: [JSON.Member] = [
            .init("name", .string(parameter.name)), .init("in", .string(parameter.place.rawValue)),
            .init("required", .bool(parameter.isRequired)), .init("description", .string(parameter.description)),
            .init("schema", parameter.schema),
        ]
        if parameter.isFamily { members += [.init("style", "deepObject"), .init("explode", true)] }
        return .object(members)
    }

    private static func body(_ body: BodyDescription) -> JSON {
        let media: JSON = ["schema": body.schema]
        return [
            "required": .bool(body.isRequired),
            "content": .object(body.contentTypes.map { JSON.Member($0, media) }),
        ]
    }

    private var responses: [JSON.Member] {
        let good = endpoint.operation.responses.sorted { $0.key < $1.key }.map { JSON.Member(String($0.key), Self.response($0.value)) }
        return good + ProblemResponses.references(to: problems)
    }

    private static func response(_ response: ResponseDescription) -> JSON {
        var members = [JSON.Member("description", .string(response.description))]
        if !response.headers.isEmpty { members.append(.init("headers", response.headers.headerObjects)) }
        if let schema = response.schema {
            members.append(.init("content", .object(response.forms.map { .init($0, ["schema": schema]) })))
        }
        return .object(members)
    }

    /// The operation's own refusals, and those that its kind of call can meet.
    private var problems: [Problem.Code] {
        var codes =
            endpoint.operation.problems + [.malformed, .notAcceptable, .addressTooLong, .headersTooLarge, .internalError, .overloaded]
        switch endpoint.access {
        case .anyone: break
        case .person(let effect, _), .page(let effect, _):
            codes += [.unauthenticated, .forbidden, .maintenance]
            if endpoint.cost != .nothing { codes.append(.rateLimited) }
            if effect == .writes { codes += [.tenantSuspended, .outcomeUnknown] }
        case .operator: codes += [.unauthenticated, .forbidden, .outcomeUnknown]
        }
        // What stands for an id may be the name of another address, which has other methods.
        if endpoint.path.contains("{") { codes += [.notFound, .methodNotAllowed] }
        if endpoint.operation.body != nil { codes += [.tooLarge, .requestTimeout, .unsupportedMediaType, .invalid] }
        return codes
    }
}

/// The refusals as responses of the document, one for each status.
enum ProblemResponses {
    static let components: [JSON.Member] = {
        let byStatus = Dictionary(grouping: Problem.Code.allCases, by: \.status)
        return byStatus.sorted { $0.key < $1.key }.map { status, codes in
            let words = codes.map { "`\($0.rawValue)` (\($0.title.prefix(1).lowercased() + $0.title.dropFirst()))" }
            return JSON.Member(name(of: status), response("Refused: " + words.joined(separator: ", or ") + ".", headers(of: status)))
        }
    }()

    static func references(to codes: [Problem.Code]) -> [JSON.Member] {
        Set(codes.map(\.status)).sorted().map { status in
            JSON.Member(String(status), ["$ref": .string("#/components/responses/\(name(of: status))")])
        }
    }

    private static func name(of status: Int) -> String { "Problem\(status)" }

    private static func headers(of status: Int) -> [(name: String, description: String)] {
        status == Problem.Code.rateLimited.status
            ? [("Retry-After", "In how many seconds the same call would pass.")] + RateHeaders.descriptions : []
    }

    private static func response(_ description: String, _ headers: [(name: String, description: String)]) -> JSON {
        [
            "description": .string(description), "headers": headers.headerObjects,
            "content": ["application/problem+json": ["schema": ["$ref": "#/components/schemas/Problem"]]],
        ]
    }
}

extension [(name: String, description: String)] {
    /// As OpenAPI's Header Objects, by name.
    fileprivate var headerObjects: JSON {
        .object(map { JSON.Member($0.name, ["description": .string($0.description), "schema": ["type": "string"]]) })
    }
}
