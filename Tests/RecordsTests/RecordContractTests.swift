import Postgres
import Records
import Support
import Testing

/// What API.md promises of every record, shown on contacts and companies.
@Suite("The record contract") struct RecordContractTests {
    @Test("A new record shows every field, null when unset, and belongs to its maker")
    func create() async throws {
        let tenant = try await TestHouse.tenant()

        let answer = try await tenant.store("contacts").create(["first_name": "  Zoë ", "last_name": "", "email": "Zoe@Example.com"])

        let contact = try answer.json
        let names = TestHouse.catalog["contacts"]?.fields.map(\.name)
        #expect(answer.status == 201)
        #expect(contact.members?.map(\.name) == names)
        #expect(contact["first_name"] == "Zoë")
        #expect(contact["last_name"] == .null)
        #expect(contact["email"] == "Zoe@Example.com")
        #expect(contact["owner_id"]?.string == tenant.tenant.adminID.uuidString.lowercased())
        #expect(contact["version"] == 1)
        #expect(contact["tags"] == [])
        #expect(contact["custom"] == .object([]))
    }

    @Test("A patch merges inside the address, unsets by null, and counts one version")
    func patch() async throws {
        let tenant = try await TestHouse.tenant()
        let contacts = tenant.store("contacts")
        let made = try await contacts.create(["last_name": "Ng", "phone": "1", "address": ["street": "High St 1", "city": "Köln"]])

        let answer = try await contacts.patch(try #require(made.id), ["address": ["city": "Bonn"], "phone": nil])

        let contact = try answer.json
        #expect(answer.version == 2)
        #expect(contact["address"]?["street"] == "High St 1")
        #expect(contact["address"]?["city"] == "Bonn")
        #expect(contact["phone"] == .null)
    }

    @Test("A patch that changes nothing keeps the version and writes no change")
    func idlePatch() async throws {
        let tenant = try await TestHouse.tenant()
        let contacts = tenant.store("contacts")
        let id = try #require(try await contacts.create(["last_name": "Ng", "tags": ["a", "b"]]).id)

        let answer = try await contacts.patch(id, ["last_name": "Ng", "tags": ["a", "b"], "phone": nil])
        let empty = try await contacts.patch(id, [:])

        #expect(answer.version == 1)
        #expect(empty.version == 1)
        #expect(try await contacts.changes(id, limit: 50, after: nil).values("action") == ["create"])
    }

    @Test("Two people who patch the same version: one wins, the other learns what changed")
    func conflict() async throws {
        let tenant = try await TestHouse.tenant()
        let contacts = tenant.store("contacts")
        let id = try #require(try await contacts.create(["last_name": "Ng"]).id)

        let outcomes = await withTaskGroup(of: Result<RecordAnswer, any Error>.self) { group in
            for number in 0..<8 {
                group.addTask {
                    await Result.catching { try await contacts.patch(id, ["phone": .string("\(number)")], ifMatch: .versions([1])) }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }

        let problems = outcomes.compactMap { outcome -> Problem? in
            guard case .failure(let error) = outcome else { return nil }
            return error as? Problem
        }
        #expect(problems.count == 7)
        #expect(problems.allSatisfy { $0.code == .versionMismatch })
        #expect(problems.allSatisfy { $0.members.contains(JSON.Member("current_version", 2)) })
        #expect(problems.allSatisfy { $0.members.contains(JSON.Member("changed", ["phone"])) })
        #expect(try await contacts.get(id).version == 2)
    }

    @Test("The trash hides, restores and empties; again is not found")
    func trash() async throws {
        let tenant = try await TestHouse.tenant()
        let contacts = tenant.store("contacts")
        let id = try #require(try await contacts.create(["last_name": "Ng", "email": "ng@example.com"]).id)

        #expect(try await contacts.trash(id).status == 204)
        await expectProblem(.notFound) { try await contacts.trash(id) }
        await expectProblem(.notFound) { try await contacts.get(id) }
        await expectProblem(.notFound) { try await contacts.patch(id, ["phone": "1"]) }
        let other = try await contacts.create(["email": "NG@example.com"])
        await expectProblem(.duplicate) { try await contacts.restore(id) }
        _ = try await contacts.purge(try #require(other.id))
        #expect(try await contacts.restore(id).version == 3)
        #expect(try await contacts.restore(id).version == 3)
        #expect(try await contacts.purge(id).status == 204)
        await expectProblem(.notFound) { try await contacts.restore(id) }
    }

    @Test("Purging a company leaves its contacts without one, each with a change that says so")
    func purge() async throws {
        let tenant = try await TestHouse.tenant()
        let company = try #require(try await tenant.store("companies").create(["name": "Acme"]).id)
        let contact = try #require(try await tenant.store("contacts").create(["last_name": "Ng", "company_id": .string(company)]).id)

        _ = try await tenant.store("companies").purge(company)

        let after = try await tenant.store("contacts").get(contact)
        #expect(try after.json["company_id"] == .null)
        #expect(after.version == 2)
        let changes = try await tenant.store("contacts").changes(contact, limit: 1, after: nil)
        #expect(try changes.values("fields").first?["company_id"]?["before"]?.string == company)
    }

    @Test("A unique value is one record's, whatever its case, also under a race")
    func unique() async throws {
        let tenant = try await TestHouse.tenant()
        let contacts = tenant.store("contacts")

        let outcomes = await withTaskGroup(of: Result<RecordAnswer, any Error>.self) { group in
            for index in 0..<16 {
                group.addTask {
                    let email = index.isMultiple(of: 2) ? "Ann@Example.com" : "ann@example.COM"
                    return await Result.catching { try await contacts.create(["email": .string(email)]) }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }

        let made = outcomes.compactMap { try? $0.get() }
        #expect(made.count == 1)
        for case .failure(let error) in outcomes {
            let problem = try #require(error as? Problem)
            #expect(problem.code == .duplicate)
            #expect(problem.errors.map(\.pointer) == ["/email"])
            let existing = problem.members.first { $0.name == "existing" }?.value.elements?.first
            #expect(existing?["id"]?.string == made.first?.id)
        }
    }

    @Test("A reference to what does not exist, lies in the trash or is another tenant's is refused in the same words")
    func references() async throws {
        let tenant = try await TestHouse.tenant()
        let stranger = try await TestHouse.tenant()
        let foreign = try #require(try await stranger.store("companies").create(["name": "Theirs"]).id)
        let trashed = try #require(try await tenant.store("companies").create(["name": "Old"]).id)
        _ = try await tenant.store("companies").trash(trashed)

        for id in [foreign, trashed, "00000000-0000-7000-8000-000000000000", "no id"] {
            let problem = await #expect(throws: Problem.self) {
                try await tenant.store("contacts").create(["last_name": "Ng", "company_id": .string(id)])
            }
            #expect(problem == .invalid([.init("/company_id", .reference, "There is no such record.")]))
        }
    }

    @Test("A company never belongs to itself, not over three steps and not when two people close the circle at once")
    func cycles() async throws {
        let tenant = try await TestHouse.tenant()
        let companies = tenant.store("companies")
        var ids: [String] = []
        for name in ["A", "B", "C"] { ids.append(try #require(try await companies.create(["name": .string(name)]).id)) }
        let (a, b, c) = (ids[0], ids[1], ids[2])

        _ = try await companies.patch(b, ["parent_id": .string(a)])
        _ = try await companies.patch(c, ["parent_id": .string(b)])
        await expectProblem(.invalid) { try await companies.patch(a, ["parent_id": .string(c)]) }
        await expectProblem(.invalid) { try await companies.patch(a, ["parent_id": .string(a)]) }

        for _ in 0..<20 {
            for id in ids { _ = try await companies.patch(id, ["parent_id": nil]) }
            async let first = Result.catching { try await companies.patch(a, ["parent_id": .string(b)]) }
            async let second = Result.catching { try await companies.patch(b, ["parent_id": .string(a)]) }
            let successes = await [first, second].filter { (try? $0.get()) != nil }
            #expect(successes.count == 1)
        }
    }

    @Test("The same write under one key happens once, sixteen at a time")
    func repeatable() async throws {
        let tenant = try await TestHouse.tenant()
        let contacts = tenant.store("contacts")
        let request = RepeatableRequest(credential: tenant.tenant.id, key: "once", fingerprint: Array(repeating: 7, count: 32))
        let document: @Sendable (Problem) -> JSON = { $0.document(instance: "/", requestID: "r") }

        let outcomes = await withTaskGroup(of: Result<RecordAnswer, any Error>.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    await Result.catching {
                        try await request.perform(in: tenant.scope, document: document) {
                            try await contacts.create(["last_name": "Once"], repeatable: request)
                        }
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }

        #expect(Set(outcomes.compactMap { try? $0.get().body }).count == 1)
        for case .failure(let error) in outcomes { #expect((error as? Problem)?.code == .idempotencyRunning) }
        let list = try await contacts.list(
            try ListRequest(body: ["count": "exact"], of: contacts.type, in: TestHouse.catalog, for: tenant.admin))
        #expect(try list.json["page"]?["count"] == 1)
        let other = RepeatableRequest(credential: tenant.tenant.id, key: "once", fingerprint: Array(repeating: 8, count: 32))
        await expectProblem(.idempotencyMismatch) {
            try await other.perform(in: tenant.scope, document: document) {
                try await contacts.create(["last_name": "Twice"], repeatable: other)
            }
        }
    }

    @Test("What the statement stores for a repetition is what the first caller got, for every type and field")
    func bothEncodings() async throws {
        let tenant = try await TestHouse.tenant()
        let company = try #require(
            try await tenant.store("companies").create([
                "name": "A \"quoted\" \\ name\twith\ncontrols \u{1}", "domain": "ex.example", "employees": 3,
                "tags": ["a,b", "c\"d", "e\\f", "null"],
                "address": ["city": "東京"],
            ]).id)
        let bodies: [(String, JSON)] = [
            ("contacts", ["last_name": "Ng", "company_id": .string(company), "birthday": "2000-02-29", "email_opt_out": true]),
            ("companies", ["name": "B", "parent_id": .string(company), "address": ["country": "de"], "tags": ["x"]]),
        ]
        for (type, body) in bodies {
            let store = tenant.store(type)
            let request = RepeatableRequest(credential: tenant.tenant.id, key: type, fingerprint: Array(repeating: 9, count: 32))

            let kept = try await store.create(body, repeatable: request)
            let read = try await store.get(try #require(kept.id))

            #expect(try kept.json == read.json)
        }
        let read = try await tenant.store("companies").get(company).json
        #expect(read["name"] == "A \"quoted\" \\ name\twith\ncontrols \u{1}")
        #expect(read["tags"] == ["a,b", "c\"d", "e\\f", "null"])
    }
}

extension Result where Failure == any Error {
    /// What the work came to.
    static func catching(_ work: () async throws -> Success) async -> Self {
        do {
            return .success(try await work())
        } catch {
            return .failure(error)
        }
    }
}

/// Expects that the work is refused with a problem of this code.
func expectProblem<T>(
    _ code: Problem.Code, _ work: () async throws -> T, sourceLocation: SourceLocation = #_sourceLocation
) async {
    let problem = await #expect(throws: Problem.self, sourceLocation: sourceLocation) { _ = try await work() }
    #expect(problem?.code == code, sourceLocation: sourceLocation)
}
