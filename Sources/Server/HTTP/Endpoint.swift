import HTTPTypes
import Tenancy

/// One address with one method: serves requests and describes itself in OpenAPI.
///
/// A class, because every request looks one up: its description is not to be copied for that.
package final class Endpoint: Sendable {
    package let method: HTTPRequest.Method
    /// `/v1/contacts/{id}`: names in braces stand for one segment each.
    package let path: String
    package let access: Access
    package let operation: Operation

    private init(method: HTTPRequest.Method, path: String, access: Access, operation: Operation) {
        self.method = method
        self.path = path
        self.access = access
        self.operation = operation
    }

    /// Who may enter, and what happens then: the handler's arguments say who it serves.
    package enum Access: Sendable {
        case anyone(@Sendable (Call) async throws -> Reply)
        case person(Effect, @Sendable (Call, Person) async throws -> Reply)
        /// Someone of one tenant in a browser; whoever is not signed in is led to the sign-in. A form proves itself by its field `csrf`.
        case page(Effect, @Sendable (Call, Person) async throws -> Reply)
        case `operator`(Operator.Role, @Sendable (Call, Operator) async throws -> Reply)
    }

    /// What a call leaves behind; decides whether a suspended tenant may make it, and whether a browser must prove its intent.
    package enum Effect: Sendable, Hashable {
        /// Nothing: allowed as long as someone may sign in.
        case reads
        /// Only the caller's own way in changes (sign-out, password): allowed while suspended; a cookie needs the CSRF token.
        case signs
        /// A file is made of what is there (an export): allowed while suspended; a cookie needs the CSRF token.
        case exports
        /// The account's bill is looked after: allowed while suspended, so that it can end; a cookie needs the CSRF token.
        case pays
        /// Data changes: refused while suspended; a cookie needs the CSRF token.
        case writes

        /// Whether it may be called while the tenant is in this state: the whole rule.
        func isAllowed(in state: TenantState) -> Bool {
            switch self {
            case .reads, .signs, .exports, .pays: state.allowsReads
            case .writes: state.allowsWrites
            }
        }

        /// GET and HEAD read, everything else writes.
        static func usual(for method: HTTPRequest.Method) -> Effect {
            method == .get || method == .head ? .reads : .writes
        }
    }

    /// What it takes from a tenant's rates; nothing from nobody's.
    var cost: Cost {
        switch access {
        case .person(let effect, _), .page(let effect, _): operation.cost ?? .usual(for: effect)
        case .anyone, .operator: .nothing
        }
    }

    /// Without a credential.
    package static func anyone(
        _ method: HTTPRequest.Method, _ path: String, _ operation: Operation, _ handler: @escaping @Sendable (Call) async throws -> Reply
    ) -> Endpoint {
        Endpoint(method: method, path: path, access: .anyone(handler), operation: operation)
    }

    /// Someone of one tenant: a session or an API key. `effect` follows the method unless said otherwise (a search by POST only reads).
    package static func person(
        _ method: HTTPRequest.Method, _ path: String, _ operation: Operation, effect: Effect? = nil,
        _ handler: @escaping @Sendable (Call, Person) async throws -> Reply
    ) -> Endpoint {
        Endpoint(method: method, path: path, access: .person(effect ?? .usual(for: method), handler), operation: operation)
    }

    /// A page of the web application. `effect` follows the method unless said otherwise.
    static func page(
        _ method: HTTPRequest.Method, _ path: String, _ operation: Operation, effect: Effect? = nil,
        _ handler: @escaping @Sendable (Call, Person) async throws -> Reply
    ) -> Endpoint {
        Endpoint(method: method, path: path, access: .page(effect ?? .usual(for: method), handler), operation: operation)
    }

    /// Someone who runs the installation, in this role or one above it.
    package static func `operator`(
        _ method: HTTPRequest.Method, _ path: String, role: Operator.Role, _ operation: Operation,
        _ handler: @escaping @Sendable (Call, Operator) async throws -> Reply
    ) -> Endpoint {
        Endpoint(method: method, path: path, access: .operator(role, handler), operation: operation)
    }
}
