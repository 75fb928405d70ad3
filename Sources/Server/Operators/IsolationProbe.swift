import CRM
import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore
import Postgres
import Records
import Secrets
import Tenancy

/// Two tenants of the installation's own, one of which tries every route of the site with the ids of what the other has.
///
/// A route with an id must answer as for an id that never existed: 404, the same words. A route without one is called with the other
/// tenant's name in `X-Tenant` and must answer 401. Nothing that anybody else has is touched.
struct IsolationProbe: Sendable {
    private let site: InnerClient
    private let intruder: ProbeTenant
    private let victim: ProbeTenant
    private let endpoints: [Endpoint]

    struct Failure: Sendable, Hashable {
        let method: String
        let path: String
        let status: Int
        let detail: String

        var document: JSON {
            ["method": .string(method), "path": .string(path), "status": JSON(status), "detail": .string(detail)]
        }
    }

    struct Report: Sendable {
        var probed = 0
        var routes = 0
        var failures: [Failure] = []

        mutating func add(_ other: Report) {
            probed += other.probed
            routes += other.routes
            failures += other.failures
        }
    }

    /// Makes the two tenants and what they need, if need be.
    init(_ endpoints: [Endpoint], _ front: Front, _ installation: Installation) async throws {
        site = InnerClient(front)
        self.endpoints = endpoints
        intruder = try await ProbeTenant.standing("isolation-probe-a", installation)
        victim = try await ProbeTenant.standing("isolation-probe-b", installation)
    }

    func run(progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }) async throws -> Report {
        try await intruder.signedIn { intruder in
            try await victim.signedIn { victim in
                try await run(intruder, victim, progress)
            }
        }
    }

    private func run(
        _ intruder: Credential, _ victim: Credential, _ progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void
    ) async throws -> Report {
        let things = try await ProbeThings.collect(site.bearing(victim))
        let client = site.bearing(intruder)
        let routes = try await routes(client)
        var waiting = routes.makeIterator()
        var report = Report()
        try await withThrowingTaskGroup(of: Report.self) { group in
            func startNext() {
                guard let route = waiting.next() else { return }
                group.addTask { try await tried(route, things, client) }
            }
            for _ in 0..<Self.hands { startNext() }
            while let part = try await group.next() {
                report.add(part)
                progress(report.routes, routes.count)
                startNext()
            }
        }
        report.failures.sort { ($0.path, $0.method) < ($1.path, $1.method) }
        return report
    }

    /// So many routes are tried at a time.
    private static let hands = 8

    private func tried(_ route: Route, _ things: ProbeThings, _ client: InnerClient) async throws -> Report {
        var report = Report(routes: 1)
        if route.path.contains("{") {
            try await probe(route, things, client, &report)
        } else {
            try await probeName(route, client.naming(victim.slug), &report)
        }
        return report
    }

    /// What the document of the tenant names, its own types included, and what is served without standing in it.
    private func routes(_ client: InnerClient) async throws -> [Route] {
        var routes: [Route] = []
        for path in try await client.send(.get, "/v1/openapi.json").json["paths"]?.members ?? [] {
            for operation in path.value.members ?? [] {
                guard let method = HTTPRequest.Method(operation.name.uppercased()) else { continue }
                routes.append(Route(method: method, path: path.name))
            }
        }
        let served = endpoints.filter(\.isForPeople).map { Route(method: $0.method, path: $0.path) }.filter { !$0.path.contains("{type}") }
        let open = Set(endpoints.filter { !$0.isForPeople }.map { Route(method: $0.method, path: $0.path) })
        var seen: Set<Route> = []
        return (routes + served).filter { !open.contains($0) && seen.insert($0).inserted }
    }

    private func probe(_ route: Route, _ things: ProbeThings, _ client: InnerClient, _ report: inout Report) async throws {
        let never = try await client.send(route.method, route.filled(with: ProbeThings.never), route.body)
        for id in things.ids(for: route.path) {
            let path = route.filled(with: id)
            let answer = try await client.send(route.method, path, route.body)
            report.probed += 1
            if answer.status != 404 {
                report.failures.append(
                    Failure(
                        method: route.method.rawValue, path: path, status: answer.status,
                        detail: "Another tenant's id was answered otherwise than with 404."))
            } else if answer.words != never.words {
                report.failures.append(
                    Failure(
                        method: route.method.rawValue, path: path, status: answer.status,
                        detail: "Another tenant's id was answered in other words than one that never existed."))
            }
        }
    }

    private func probeName(_ route: Route, _ client: InnerClient, _ report: inout Report) async throws {
        let answer = try await client.send(route.method, route.path, route.method == .get ? nil : "{}")
        report.probed += 1
        guard answer.status != 401 else { return }
        report.failures.append(
            Failure(
                method: route.method.rawValue, path: route.path, status: answer.status,
                detail: "A credential that names one tenant was let in although the request named another."))
    }
}

private struct Route: Hashable {
    let method: HTTPRequest.Method
    let path: String

    /// A PATCH needs a body to be looked at; everything else is refused before its body is read.
    var body: String? { method == .patch ? "{}" : nil }

    func filled(with id: String) -> String { path.replacing(/\{\w+\}/, with: id) }
}

extension Endpoint {
    fileprivate var isForPeople: Bool {
        if case .person = access { true } else { false }
    }
}

/// A caller inside the process: what it sends goes through the whole front.
struct InnerClient: Sendable {
    private let front: Front
    private var headers = HTTPFields()

    init(_ front: Front) { self.front = front }

    struct Answer: Sendable {
        let status: Int
        let bytes: [UInt8]

        var json: JSON { get throws { try JSON(parsing: bytes) } }

        /// The body without what differs from request to request.
        var words: JSON {
            // What is no JSON has no such members.
            guard let members = (try? JSON(parsing: bytes))?.members else { return .string(String(decoding: bytes, as: UTF8.self)) }
            return .object(members.filter { $0.name != "instance" && $0.name != "request_id" })
        }
    }

    func bearing(_ credential: Credential) -> InnerClient {
        var copy = self
        copy.headers[.authorization] = "Bearer \(credential.text)"
        return copy
    }

    func naming(_ slug: String) -> InnerClient {
        var copy = self
        copy.headers[.tenant] = slug
        return copy
    }

    func send(_ method: HTTPRequest.Method, _ path: String, _ body: String? = nil) async throws -> Answer {
        for attempt in 1... {
            var fields = headers
            if body != nil { fields[.contentType] = "application/json" }
            let head = HTTPRequest(method: method, scheme: "http", authority: nil, path: path, headerFields: fields)
            let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(string: body ?? "")))
            let response = await front.respond(to: request, peer: "127.0.0.1")
            if response.status.code == 429, attempt < 60 {
                try await Task.sleep(for: .seconds(response.headers[.retryAfter].flatMap { Int($0) } ?? 1))
                continue
            }
            let collector = Collector()
            if response.headers[.contentType]?.hasPrefix("text/event-stream") != true { try await response.body.write(collector) }
            return Answer(status: response.status.code, bytes: collector.bytes)
        }
        return Answer(status: 0, bytes: [])
    }

    /// Takes what a response writes. One task writes, and is done before anyone reads.
    private final class Collector: ResponseBodyWriter {
        private(set) var bytes: [UInt8] = []

        func write(_ buffer: ByteBuffer) async throws { bytes += buffer.readableBytesView }
        func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}

/// A test tenant that belongs to the installation itself.
struct ProbeTenant: Sendable {
    let slug: String
    private let scope: TenantScope

    /// The tenant of this name, made if need be; of a name that is gone for ever the next one.
    static func standing(_ name: String, _ installation: Installation) async throws -> ProbeTenant {
        for number in 1..<100 {
            let slug = number == 1 ? name : "\(name)\(number)"
            do {
                let hash = await PasswordHash.of(Base64.url.encode(RandomBytes.make(32)), cost: .trivial).text
                let request = ProvisionRequest(
                    slug: slug, name: "Isolation check", plan: "unlimited",
                    admin: .init(email: "nobody@\(slug).invalid", name: "Nobody", passwordHash: hash), isTest: true,
                    fingerprint: Digest.sha256("isolation check \(slug)"))
                let tenant = try await installation.provisioning.provision(request, by: Instruction(actor: "system")).tenant
                guard tenant.state.allowsWrites else { continue }
                return ProbeTenant(slug: slug, scope: try installation.directory.scope(for: tenant))
            } catch TenancyError.slugTaken {
                continue
            }
        }
        throw Problem(.conflict, "The tenants of the check are all gone or closed; resume one.")
    }

    /// Signs the only person in for the time of `body`.
    func signedIn<T>(_ body: (Credential) async throws -> T) async throws -> T {
        let credential = Credential.mint(.session, slug: slug)
        let hash = SQLValue.bytes(credential.hash)
        _ = try await scope.run([
            """
            INSERT INTO sessions (token_hash, user_id, expires_at)
            VALUES (\(hash), \(scope.tenant.adminID), now() + interval '15 minutes')
            """
        ])
        let end: SQL = "DELETE FROM sessions WHERE token_hash = \(hash)"
        do {
            let result = try await body(credential)
            _ = try await scope.run([end])
            return result
        } catch {
            // Whatever ended it is thrown; the session ends by itself.
            _ = try? await scope.run([end])
            throw error
        }
    }
}
