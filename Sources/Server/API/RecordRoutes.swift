import CRM
import Foundation
import HTTPTypes
import NIOCore
import Records

/// The calls that every record type answers alike.
struct RecordRoutes: Sendable {
    private let type: RecordType
    private let catalog: Catalog
    /// Whether these are the addresses of every type that tenants have made, `/v1/{type}`, rather than of one built-in type.
    private let isForTenants: Bool

    /// A built-in type, or one that a tenant has made: then only for what it says about itself.
    init(_ type: RecordType, of catalog: Catalog) {
        self.init(type, of: catalog, isForTenants: false)
    }

    private init(_ type: RecordType, of catalog: Catalog, isForTenants: Bool) {
        self.type = type
        self.catalog = catalog
        self.isForTenants = isForTenants
    }

    /// Every type that tenants have made, whatever its name.
    static func forTenantTypes(of catalog: Catalog) -> RecordRoutes {
        RecordRoutes(RecordType("{type}", singular: "record", fields: []), of: catalog, isForTenants: true)
    }

    var endpoints: [Endpoint] {
        let description = RecordDescription(type, of: catalog)
        let collection = "/v1/\(type.name)"
        let record = "\(collection)/{id}"
        let all: [(RecordType.Operation, Endpoint)] = [
            (.list, .person(.get, collection, description.list, list)),
            (.create, .person(.post, collection, description.create, create)),
            (.search, .person(.post, "\(collection)/search", description.search, effect: .reads, search)),
            (.search, .person(.post, "\(collection)/summary", description.summary, effect: .reads, summary)),
            (.get, .person(.get, record, description.get, redirecting(get))),
            (.update, .person(.patch, record, description.update, redirecting(update))),
            (.trash, .person(.delete, record, description.trashing, redirecting(trash))),
            (.restore, .person(.post, "\(record)/restore", description.restore, redirecting(restore))),
            (.merge, .person(.post, "\(record)/merge", description.merge, redirecting(merge))),
            (.batch, .person(.post, "\(collection)/batch", description.batch, batch)),
            (.changes, .person(.get, "\(record)/changes", description.changes, redirecting(changes))),
            (.timeline, .person(.get, "\(record)/timeline", description.timeline, redirecting(timeline))),
        ]
        return all.filter { type.operations.contains($0.0) }.map(\.1)
    }

    /// The records that the address means, of the type as this tenant has it.
    private func store(_ call: Call, _ person: Person) throws(Problem) -> RecordStore {
        guard isForTenants else { return try person.store(type.name) }
        guard let own = person.catalog[call.parameters["type"]], own.isOfTenant else { throw .notFound }
        return person.store(own)
    }

    /// The same call; for a record that was merged into another, the way to that one (308: with the same method and body).
    private func redirecting(_ work: @escaping Work) -> Work {
        { call, person in try await call.redirecting { try await work(call, person) } }
    }

    private typealias Work = @Sendable (Call, Person) async throws -> Reply

    @Sendable private func list(_ call: Call, _ person: Person) async throws -> Reply {
        let store = try store(call, person)
        let query = call.query.items.filter { $0.name != "view" }
        var request = try ListRequest(query: query, of: store.type, in: person.catalog, for: person.caller)
        if let view = call.query["view"] {
            try await Views.narrow(&request, to: view, keepsOrder: call.query["sort"] != nil, in: store)
        }
        return call.page(try await store.list(request))
    }

    @Sendable private func search(_ call: Call, _ person: Person) async throws -> Reply {
        let store = try store(call, person)
        return try await call.repeatablyReading(person) {
            var request = try ListRequest(body: try await call.json(), of: store.type, in: person.catalog, for: person.caller)
            try request.read(trash: call.query["trash"])
            return RecordAnswer(status: 200, body: try await store.list(request).body)
        }
    }

    @Sendable private func summary(_ call: Call, _ person: Person) async throws -> Reply {
        let store = try store(call, person)
        return try await call.repeatablyReading(person) {
            let request = try SummaryRequest(body: try await call.json(), of: store.type, in: person.catalog, for: person.caller)
            return RecordAnswer(status: 200, body: try await store.summary(request, timeZone: person.policy.timeZone).bytes)
        }
    }

    @Sendable private func create(_ call: Call, _ person: Person) async throws -> Reply {
        let store = try store(call, person.allowingDuplicates(try call.allowsDuplicates))
        return try await call.repeatably(person) { repeatable in
            var answer = try await store.complete(try await store.create(try await call.json(), repeatable: repeatable))
            answer.location = answer.id.map { "/v1/\(store.type.name)/\($0)" }
            return answer
        }
    }

    @Sendable private func get(_ call: Call, _ person: Person) async throws -> Reply {
        let store = try store(call, person)
        let view = try RecordStore.View(query: call.query.items, of: store.type, in: person.catalog, for: person.caller)
        let id = call.parameters["id"]
        return Reply(try await store.following(id) { try await store.complete(try await store.get(id, view)) })
    }

    @Sendable private func update(_ call: Call, _ person: Person) async throws -> Reply {
        let store = try store(call, person)
        return try await call.repeatably(person) { repeatable in
            let precondition = try call.precondition(of: person)
            let id = call.parameters["id"]
            return try await store.following(id) {
                try await store.complete(try await store.patch(id, try await call.json(), ifMatch: precondition, repeatable: repeatable))
            }
        }
    }

    @Sendable private func trash(_ call: Call, _ person: Person) async throws -> Reply {
        let store = try store(call, person)
        let isPurge = try call.purge
        return try await call.repeatably(person) { repeatable in
            let precondition = try call.precondition(of: person)
            let id = call.parameters["id"]
            return try await store.following(id) {
                isPurge
                    ? try await store.purge(id, ifMatch: precondition, repeatable: repeatable)
                    : try await store.trash(id, ifMatch: precondition, repeatable: repeatable)
            }
        }
    }

    @Sendable private func restore(_ call: Call, _ person: Person) async throws -> Reply {
        let store = try store(call, person)
        return try await call.repeatably(person) { repeatable in
            if let member = try await call.jsonIfAny().members?.first {
                throw Problem.invalid([.init("/\(member.name.pointerToken)", .unknown, "A restore takes no members.")])
            }
            let id = call.parameters["id"]
            return try await store.following(id) { try await store.complete(try await store.restore(id, repeatable: repeatable)) }
        }
    }

    @Sendable private func merge(_ call: Call, _ person: Person) async throws -> Reply {
        let store = try store(call, person)
        return try await call.repeatably(person) { repeatable in
            let (id, precondition) = (call.parameters["id"], try call.precondition)
            return try await store.following(id, hasBody: true) {
                let body: JSON
                do {
                    body = try await call.json()
                } catch {
                    // A stranger's record is not there, whatever is wrong with the body.
                    try await store.find(id)
                    throw error
                }
                return try await Merge(in: store).run(into: id, body, ifMatch: precondition, repeatable: repeatable)
            }
        }
    }

    @Sendable private func batch(_ call: Call, _ person: Person) async throws -> Reply {
        let store = try store(call, person.allowingDuplicates(try call.allowsDuplicates))
        return try await call.repeatably(person) { repeatable in
            let order = try BatchOrder(try await call.json(), of: store.type, for: person.caller)
            let batch = Batch(order, in: store, requiresVersion: person.policy.requiresIfMatch, document: call.document)
            return try await store.completed(batch: try await batch.run(repeatable))
        }
    }

    @Sendable private func changes(_ call: Call, _ person: Person) async throws -> Reply {
        let limit = try call.query.integer("limit", in: ListRequest.limits, otherwise: 50)
        let (store, id) = (try store(call, person), call.parameters["id"])
        return call.page(try await store.following(id) { try await store.changes(id, limit: limit, after: call.query["after"]) })
    }

    @Sendable private func timeline(_ call: Call, _ person: Person) async throws -> Reply {
        let limit = try call.query.integer("limit", in: ListRequest.limits, otherwise: 50)
        let (store, id) = (try store(call, person), call.parameters["id"])
        return call.page(try await store.following(id) { try await store.timeline(id, limit: limit, after: call.query["after"]) })
    }
}

extension Call {
    /// A page of a collection, with the address of the next one (RFC 8288).
    func page(_ answer: ListAnswer) -> Reply {
        var reply = Reply(ByteBuffer(bytes: answer.body))
        guard let next = answer.next else { return reply }
        var address = URLComponents()
        address.path = path
        address.queryItems = query.items.filter { $0.name != "after" }.map { URLQueryItem(name: $0.name, value: $0.value) }
        address.queryItems?.append(URLQueryItem(name: "after", value: next))
        // RFC 3986 lets + stand in a query, where our own reader takes it for a space.
        let target = address.percentEncodedQuery?.replacing("+", with: "%2B") ?? ""
        reply.headers[.link] = "<\(path)?\(target)>; rel=\"next\""
        return reply
    }

    /// Answers, for a record that was merged into another, the way to that one (308: with the same method and body).
    func redirecting(_ work: () async throws -> Reply) async throws -> Reply {
        do {
            return try await work()
        } catch let redirect as Redirect {
            return .moved(to: address(ofRecord: redirect.id))
        }
    }

    /// The same call on another record: `/v1/{type}/{id}` and whatever follows.
    fileprivate func address(ofRecord id: String) -> String {
        var segments = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        segments[3] = id
        return segments.joined(separator: "/") + target.dropFirst(path.count)
    }

    fileprivate var purge: Bool {
        get throws(Problem) {
            switch query["purge"] {
            case nil, "false": false
            case "true": true
            default: throw Problem(.malformed, "The query parameter \"purge\" is true or false.")
            }
        }
    }
}
