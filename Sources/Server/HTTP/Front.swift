import Foundation
import HTTPTypes
import HummingbirdCore
import Logging
import Postgres
import Records

/// The one way in: finds the endpoint, lets its door decide who may enter, and sees to it that every answer leaves in good order - with a
/// request id, the standing headers, a log line and a figure; errors as problem documents.
struct Front: Sendable {
    private let tree: AddressTree
    private let settings: ServerSettings
    private let door: Door
    private let turnstile: Turnstile
    /// Figures of each endpoint in the tree's order, and of addresses that do not exist.
    private let figures: [RouteFigures.Route]
    private let figuresOfNothing: RouteFigures.Route
    private let logger: Logger
    private let standing: StandingHeaders
    private let crossOrigin: CrossOrigin
    private let clientAddress: ClientAddress
    private let date = HTTPDate()
    private let problemPage: ProblemPage

    init(_ endpoints: [Endpoint], _ house: House, figures: RouteFigures) {
        tree = AddressTree(endpoints)
        settings = house.settings
        door = house.door
        turnstile = house.turnstile
        self.figures = endpoints.map { figures.route($0.method.rawValue, $0.path) }
        figuresOfNothing = figures.route("", "")
        logger = house.logger
        standing = StandingHeaders(isSecure: settings.isSecure)
        crossOrigin = CrossOrigin(settings.origins)
        problemPage = ProblemPage(house.assets)
        clientAddress = ClientAddress(trustedProxies: settings.trustedProxies)
    }

    /// The longest address, and the most that all headers together may hold, in bytes.
    private static let longestAddress = 8 << 10
    private static let largestHeaders = 32 << 10

    /// What is known of a request when its answer leaves.
    private struct Note {
        var place: AddressTree.Place?
        var tenant: String?
        var rates = RateHeaders([])
    }

    /// Never throws: whatever happens becomes an answer.
    ///
    /// - Parameter peer: the IP address at the other end of the connection.
    func respond(to request: Request, peer: String) async -> Response {
        let start = ContinuousClock.now
        let requestID = RequestID.choose(request.headers[.requestID])
        let target = request.head.path ?? "/"
        let path = target[..<(target.utf8.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex)]
        var note = Note()
        var reply: Reply
        do {
            reply = try await answer(request, target: target, path: path, peer: peer, requestID: requestID, &note)
        } catch {
            let problem = Problem(error, logger: logger(requestID, note))
            reply =
                if note.place?.endpoint.operation.tag == PageRoutes.tag, request.headers[.accept]?.contains("text/html") == true {
                    await problemPage.reply(problem, request.headers[.acceptLanguage])
                } else {
                    .problem(problem, instance: String(path), requestID: requestID)
                }
            if problem.code == .tooLarge { reply.headers[.connection] = "close" }
        }
        return finish(reply.zipped(for: request.headers), to: request, path: path, requestID: requestID, after: start, note)
    }

    private func answer(
        _ request: Request, target: String, path: Substring, peer: String, requestID: String, _ note: inout Note
    ) async throws -> Reply {
        try checkSize(request, target)
        if let preflight = crossOrigin.preflight(request.method, request.headers) { return preflight }
        let (place, parameters) = try find(request.method, path)
        note.place = place
        let endpoint = place.endpoint
        guard MediaType.accepts(request.headers[.accept], oneOf: endpoint.operation.produces) else {
            let forms = endpoint.operation.produces.sorted().joined(separator: ", ")
            throw Problem(.notAcceptable, "This address answers \(forms); let Accept allow it.")
        }
        let call = Call(
            method: request.method, path: String(path), parameters: parameters,
            query: try Query(
                target[path.endIndex...].dropFirst(), allowed: endpoint.operation.parameters, takesAny: endpoint.operation.takesAnyQuery),
            headers: request.headers,
            target: target, host: request.head.authority, requestID: requestID,
            address: clientAddress.of(peer: peer, forwardedFor: request.headers[.forwardedFor]),
            body: IncomingBody(
                request.body, announced: request.headers[.contentLength].flatMap { Int($0) }, limit: settings.bodyLimit))
        var reply = try await enter(endpoint, call, &note)
        if let version = reply.version, request.method == .get || request.method == .head, try call.alreadyHas(version) {
            reply.status = .notModified
            reply.headers[.contentType] = nil
            reply.body = ResponseBody()
        }
        return reply
    }

    private func checkSize(_ request: Request, _ target: String) throws(Problem) {
        guard target.utf8.count <= Self.longestAddress else {
            throw Problem(.addressTooLong, "An address has at most \(Self.longestAddress) bytes; send a long filter to /search instead.")
        }
        var size = 0
        for field in request.headers { size += field.name.rawName.utf8.count + field.value.utf8.count }
        guard size <= Self.largestHeaders else {
            throw Problem(.headersTooLarge, "The headers of a request hold at most \(Self.largestHeaders) bytes.")
        }
        guard !request.headers.contains(.host) else { throw Problem(.malformed, "The Host header stands twice.") }
    }

    private func find(_ method: HTTPRequest.Method, _ path: Substring) throws(Problem) -> (AddressTree.Place, Parameters) {
        switch tree.match(method, path) {
        case .found(let place, let parameters): return (place, parameters)
        case .otherMethods(let methods):
            throw Problem(.methodNotAllowed, "This address has \(methods.joined(separator: ", ")).", allow: methods)
        case .nothing: throw .notFound
        }
    }

    private func enter(_ endpoint: Endpoint, _ call: Call, _ note: inout Note) async throws -> Reply {
        switch endpoint.access {
        case .anyone(let handler): return try await handler(call)
        case .person(let effect, let handler):
            do {
                let person = try await door.person(call, effect: effect)
                let reply = try await admit(person, to: endpoint, call, handler, &note)
                // Whoever adds a field finds it with the next request, before the news of it has come around.
                if effect == .writes, endpoint.path.hasPrefix("/v1/custom_") { door.principals.forgetAll(of: person.tenant.slug) }
                return reply
            } catch let error as PostgresError where error.isOfNobodysSchema && door.directory.hasMovedLately {
                // Its tenant has just left the cell where this process looked for it.
                throw Door.moving
            }
        case .page(let effect, let handler):
            do {
                guard let person = try await visitor(call, effect: effect) else { return try leadIn(call) }
                return try await admit(person, to: endpoint, call, handler, &note)
            } catch let error as PostgresError where error.isOfNobodysSchema && door.directory.hasMovedLately {
                throw Door.moving
            }
        case .operator(let role, let handler):
            return try await handler(call, try await door.operator(call, atLeast: role))
        }
    }

    private func admit(
        _ person: Person, to endpoint: Endpoint, _ call: Call, _ handler: @Sendable (Call, Person) async throws -> Reply, _ note: inout Note
    ) async throws -> Reply {
        note.tenant = person.tenant.slug
        let (refusal, rates) = await turnstile.pass(person, cost: endpoint.cost)
        note.rates = rates
        if let refusal { throw refusal }
        return try await serve(call, person, handler)
    }

    /// Leads someone who is not signed in to the sign-in, from every address that is a page for everyone or that a browser asks for; to a
    /// program that shows no credential there is nothing at others.
    private func leadIn(_ call: Call) throws(Problem) -> Reply {
        let type = call.parameters["type"]
        let isBrowser = call.headers[.accept]?.contains("text/html") == true
        guard type.isEmpty || isBrowser || door.catalogs.base[type] != nil else { throw .notFound }
        return .seeOther("/?next=" + PercentEncoding.encode(call.target))
    }

    /// Who looks at a page; nil for someone who is not signed in.
    private func visitor(_ call: Call, effect: Endpoint.Effect) async throws -> Person? {
        let proof = effect == .reads ? nil : try FormFields.read(try await call.bytes())["csrf"]
        do {
            return try await door.person(call, effect: effect, proof: proof)
        } catch let problem as Problem where problem.code == .unauthenticated {
            return nil
        }
    }

    /// How often a tenant's record types may change while one request is served; a program that makes and removes fields does so every 15 ms.
    private static let patience = 8

    /// The database may refuse a statement because columns and tables have come or gone since this process heard of them: then once more
    /// with those of now. Nothing of a refused unit has happened. What the old shape itself refuses stays refused: that costs no look.
    private func serve(_ call: Call, _ person: Person, _ handler: @Sendable (Call, Person) async throws -> Reply) async throws -> Reply {
        var person = person
        for _ in 1..<Self.patience {
            do {
                return try await handler(call, person)
            } catch {
                guard let refusal = (error as? PostgresError)?.refusal else { throw error }
                // A column that was missing may be there again by now, in the very shape that this process knows.
                guard let again = try await door.anew(person) ?? (refusal.state == .undefinedColumn ? person : nil) else { throw error }
                person = again
            }
        }
        return try await handler(call, person)
    }

    private func finish(
        _ reply: Reply, to request: Request, path: Substring, requestID: String, after start: ContinuousClock.Instant, _ note: Note
    ) -> Response {
        let took = start.duration(to: .now)
        var headers = reply.headers
        headers.append(HTTPField(name: .requestID, value: requestID))
        headers.append(HTTPField(name: .date, value: date.text()))
        standing.add(to: &headers)
        note.rates.add(to: &headers)
        crossOrigin.mark(&headers, for: request.headers)
        // A time could tell a stranger's id from one that never existed.
        if settings.showsTiming && reply.status != .unauthorized && reply.status != .notFound {
            headers.append(HTTPField(name: .serverTiming, value: "total;dur=\(took.milliseconds)"))
        }
        (note.place.map { figures[$0.index] } ?? figuresOfNothing).count(status: reply.status.code, took: took)
        write(reply.status, to: request, path, requestID, took, note)
        var response = Response(status: reply.status, headers: headers, body: reply.body)
        // RFC 9110, 8.6: neither has a body whose length could be told.
        if reply.status == .noContent || reply.status == .notModified { response.headers[.contentLength] = nil }
        return request.method == .head ? response.createHeadResponse() : response
    }

    /// One line for each request; those of monitors only when everything is written down. Made only when someone reads it.
    private func write(
        _ status: HTTPResponse.Status, to request: Request, _ path: Substring, _ requestID: String, _ took: Duration, _ note: Note
    ) {
        let level: Logger.Level = note.place?.endpoint.operation.tag == Health.tag ? .debug : .info
        guard level >= logger.logLevel else { return }
        let endpoint = note.place?.endpoint
        let address = endpoint?.operation.hidesAddress == true ? endpoint?.path ?? "" : String(path)
        logger(requestID, note).log(
            level: level, "\(request.method) \(address)",
            metadata: [
                "method": .string(request.method.rawValue), "route": .string(endpoint?.path ?? ""),
                "status": .stringConvertible(status.code), "ms": .stringConvertible(took.milliseconds),
            ])
    }

    private func logger(_ requestID: String, _ note: Note) -> Logger {
        var logger = logger
        logger[metadataKey: "request_id"] = .string(requestID)
        if let tenant = note.tenant { logger[metadataKey: "tenant"] = .string(tenant) }
        return logger
    }
}

extension PostgresError {
    /// Whether the role or the schema that it acted as is not there.
    fileprivate var isOfNobodysSchema: Bool {
        refusal.map { [.undefinedTable, .insufficientPrivilege, "22023", "3F000"].contains($0.state) } ?? false
    }
}

extension Duration {
    /// Milliseconds to two decimals, for people.
    var milliseconds: Double { (seconds * 100_000).rounded() / 100 }
}
