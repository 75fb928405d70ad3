import HTTPTypes
import Records
import Support
import Testing

@testable import Server

@Suite("Batches") struct BatchTests {
    @Test("Each operation is answered in its place as it would be alone, and all of them are one operation") func order() async throws {
        let (_, admin) = try await Self.open()
        let known = try await RightsFirm.id(of: admin.post("/v1/contacts", ["last_name": "Known", "email": "Known@x.example"]))
        let gone = try await RightsFirm.id(of: admin.post("/v1/contacts", ["last_name": "Gone"]))

        let answer = try await Self.batch(
            admin, "contacts",
            [
                Self.create(["last_name": "New"], ref: "r1"), Self.update(known, ["phone": "1"], ref: "r2"),
                ["op": "delete", "id": .string(gone)], Self.upsert(["email": "KNOWN@X.EXAMPLE"], ["phone": "2"]),
                Self.upsert(["email": "other@x.example"], ["last_name": "Other"]),
                ["op": "update", "key": ["email": "OTHER@x.example"], "body": ["phone": "3"]],
            ])

        let results = try answer.results
        #expect(results.map { $0["status"] } == [201, 200, 204, 200, 201, 200], "\(answer.text)")
        #expect(results.map { $0["ref"] } == ["r1", "r2", .null, .null, .null, .null])
        #expect(results.map { $0["problem"] }.allSatisfy { $0 == nil })
        #expect(results[1]["record"]?["phone"] == "1" && results[3]["record"]?["phone"] == "2")
        #expect(results[2]["record"] == JSON.null && results[2]["id"] == .string(gone))
        #expect(results[3]["id"] == .string(known) && results[3]["record"]?["email"] == "Known@x.example")
        #expect(results[4]["record"]?["email"] == "other@x.example" && results[4]["record"]?["last_name"] == "Other")
        #expect(results[5]["id"] == results[4]["id"] && results[5]["record"]?["version"] == 2)
        for index in [0, 3, 5] {
            let id = results[index]["id"]?.string ?? ""
            #expect(try await admin.get("/v1/contacts/\(id)").json == results[index]["record"])
            let operations = try await Self.operations(of: id, admin)
            #expect(try answer.json["operation_id"].map(operations.contains) == true)
        }
        #expect(try await admin.get("/v1/contacts/\(gone)").status == 404)
    }

    @Test("What is wrong with one operation is told in its place and harms no other") func problems() async throws {
        let (_, admin) = try await Self.open()
        let taken = try await RightsFirm.id(of: admin.post("/v1/contacts", ["email": "taken@x.example"]))
        let stranger = try await Self.open().admin
        let theirs = try await RightsFirm.id(of: stranger.post("/v1/contacts", ["last_name": "Theirs"]))

        let answer = try await Self.batch(
            admin, "contacts",
            [
                Self.create(["last_name": "A"]), Self.create(["bogus": 1]), Self.create(["email": "Taken@x.example"]),
                Self.create(["last_name": "B"]), Self.update("nonsense", ["phone": "1"]), Self.update(theirs, ["bogus": 1]),
                ["op": "update", "id": .string(taken), "version": 7, "body": ["phone": "1"]],
                Self.create(["last_name": "C", "company_id": .string(theirs)]), Self.create([:]), Self.create(["last_name": "D"]),
                ["op": "delete", "key": ["email": "nobody@x.example"]], Self.upsert(["email": "no address"], [:]),
                Self.upsert(["email": "a@x.example"], ["email": "b@x.example"]),
            ])

        let results = try answer.results
        #expect(answer.status == 200)
        #expect(
            results.map { $0["status"]?.integer } == [201, 422, 409, 201, 404, 404, 412, 422, 422, 201, 404, 422, 422], "\(answer.text)")
        #expect(Self.pointers(results[1]) == ["/operations/1/body/bogus"])
        #expect(results[2]["problem"]?["existing"] == [["type": "contacts", "id": .string(taken), "fields": ["email"]]])
        #expect(Self.pointers(results[2]) == ["/operations/2/body/email"])
        #expect(results[6]["problem"]?["current_version"] == 1 && results[6]["id"] == .string(taken))
        #expect(Self.pointers(results[7]) == ["/operations/7/body/company_id"])
        #expect(Self.pointers(results[11]) == ["/operations/11/key/email"])
        #expect(Self.pointers(results[12]) == ["/operations/12/body/email"])
        #expect(results[5]["id"] == JSON.null, "A stranger's record has no id here.")
        #expect(try await Self.names(admin) == ["A", "B", "D"])
    }

    @Test("All or nothing: one that fails is told, the others are 424, and nothing is written", arguments: [true, false])
    func atomic(isSeenBefore: Bool) async throws {
        let (_, admin) = try await Self.open()
        let taken = try await RightsFirm.id(of: admin.post("/v1/contacts", ["email": "taken@x.example"]))
        // What no look at the body can tell is refused by the database, after the first was written.
        let wrong: JSON = isSeenBefore ? ["email": "nonsense"] : ["email": "taken@x.example"]

        let answer = try await Self.batch(
            admin, "contacts", [Self.create(["last_name": "A"], ref: "a"), Self.create(wrong), Self.update(taken, ["phone": "1"])],
            atomic: true)

        #expect(answer.status == 422 && answer.code == "batch_failed", "\(answer.text)")
        let results = try answer.results
        #expect(results.map { $0["status"]?.integer } == [424, isSeenBefore ? 422 : 409, 424])
        #expect(results[0]["ref"] == "a" && results[0]["problem"]?["code"] == "failed_dependency")
        #expect(answer.pointers == ["/operations/1/body/email"])
        #expect(try await Self.names(admin) == [])
        #expect(try await admin.get("/v1/contacts/\(taken)").json["version"] == 1)
        let good = try await Self.batch(
            admin, "contacts", [Self.create(["last_name": "A"]), Self.update(taken, ["phone": "1"])], atomic: true)
        #expect(good.status == 200, "\(good.text)")
        #expect(try good.results.map { $0["status"] } == [201, 200])
        #expect(try await Self.names(admin) == ["A"])
    }

    @Test("A later body refers to an earlier result; what refers to nothing is refused") func references() async throws {
        let (_, admin) = try await Self.open()
        let reference: (String) -> JSON = { ["$ref": .string($0)] }

        let answer = try await Self.batch(
            admin, "teams",
            [
                Self.create(["name": "Top"], ref: "top"), Self.create(["name": "Below", "parent_id": reference("top")], ref: "below"),
                Self.create(["name": "Early", "parent_id": reference("late")]), Self.create(["name": "Late"], ref: "late"),
                Self.create(["name": "Top"], ref: "twice"), Self.create(["name": "Lost", "parent_id": reference("twice")], ref: "lost"),
                Self.create(["name": "Lost too", "parent_id": reference("lost")]), Self.create(["name": reference("top")]),
            ])

        let results = try answer.results
        #expect(results.map { $0["status"]?.integer } == [201, 201, 422, 201, 409, 424, 424, 201], "\(answer.text)")
        #expect(results[1]["record"]?["parent_id"] == results[0]["id"])
        #expect(Self.pointers(results[2]) == ["/operations/2/body/parent_id"])
    }

    /// A batch as text, the pointer it is refused with, and the code.
    private static let refusals: [(String, String, String)] = [
        (#"{}"#, "/operations", "required"), (#"{"operations":{}}"#, "/operations", "type"),
        (#"{"operations":[]}"#, "/operations", "required"), (#"{"operations":[1]}"#, "/operations/0", "type"),
        (#"{"operations":[{}]}"#, "/operations/0/op", "required"), (#"{"operations":[{"op":"merge"}]}"#, "/operations/0/op", "enum"),
        (#"{"atomic":1,"operations":[{"op":"create","body":{}}]}"#, "/atomic", "type"),
        (#"{"more":1,"operations":[{"op":"create","body":{}}]}"#, "/more", "unknown"),
        (#"{"operations":[{"op":"create"}]}"#, "/operations/0/body", "required"),
        (#"{"operations":[{"op":"create","body":[]}]}"#, "/operations/0/body", "type"),
        (#"{"operations":[{"op":"create","id":"x","body":{}}]}"#, "/operations/0/id", "unknown"),
        (#"{"operations":[{"op":"update","body":{}}]}"#, "/operations/0/id", "required"),
        (#"{"operations":[{"op":"delete","id":1}]}"#, "/operations/0/id", "type"),
        (#"{"operations":[{"op":"upsert","body":{}}]}"#, "/operations/0/key", "required"),
        (#"{"operations":[{"op":"upsert","key":{},"body":{}}]}"#, "/operations/0/key", "range"),
        (#"{"operations":[{"op":"upsert","key":{"phone":"1"},"body":{}}]}"#, "/operations/0/key/phone", "unknown"),
        (#"{"operations":[{"op":"upsert","key":{"email":1},"body":{}}]}"#, "/operations/0/key/email", "type"),
        (#"{"operations":[{"op":"create","ref":"","body":{}}]}"#, "/operations/0/ref", "required"),
        (#"{"operations":[{"op":"create","ref":"a","body":{}},{"op":"create","ref":"a","body":{}}]}"#, "/operations/1/ref", "duplicate"),
        (#"{"operations":[{"op":"delete","id":"x","version":0}]}"#, "/operations/0/version", "range"),
    ]

    @Test("What is no batch is refused as a whole, with its pointer", arguments: refusals)
    func refused(text: String, pointer: String, code: String) async throws {
        let (_, admin) = try await Self.open()

        let answer = try await admin.send(.post, "/v1/contacts/batch", text)

        #expect(answer.status == 422 && answer.code == "invalid", "\(answer.text)")
        #expect(answer.pointers == [pointer])
        #expect(try answer.json["errors"]?.elements?.first?["code"] == .string(code))
    }

    @Test("Two hundred are taken, and one more is not") func sizes() async throws {
        let (_, admin) = try await Self.open()
        let two = (0..<200).map { Self.create(["last_name": .string("N\($0)")]) }

        #expect(try await Self.batch(admin, "contacts", two + two.prefix(1)).pointers == ["/operations"])
        let answer = try await Self.batch(admin, "contacts", two)

        #expect(try answer.results.map { $0["record"]?["last_name"] } == two.map { $0["body"]?["last_name"] }, "\(answer.text.prefix(500))")
        #expect(try await admin.get("/v1/contacts?count=exact&limit=1").json["page"]?["count"] == 200)
    }

    @Test("Every second of two hundred is refused, and the others are there") func manyRefusals() async throws {
        let (_, admin) = try await Self.open()
        _ = try await RightsFirm.id(of: admin.post("/v1/contacts", ["email": "taken@x.example"]))
        let operations = (0..<200).map { Self.create($0 % 2 == 0 ? ["last_name": .string("N\($0)")] : ["email": "taken@x.example"]) }

        let answer = try await Self.batch(admin, "contacts", operations)

        #expect(try answer.results.map { $0["status"]?.integer } == (0..<200).map { $0 % 2 == 0 ? 201 : 409 })
        #expect(try await Self.names(admin).count == 100)
    }

    @Test("Simultaneous upserts of the same keys, in whatever order, make one record of each", arguments: [true, false])
    func race(isAtomic: Bool) async throws {
        let (_, admin) = try await Self.open()
        let names = (0..<20).map { "k\($0)" }

        let answers = try await withThrowingTaskGroup(of: Client.Answer.self) { group in
            for number in 0..<8 {
                let mine = number % 2 == 0 ? names : names.reversed()
                let operations = mine.map { name in
                    Self.upsert(["email": .string("\(number % 3 == 0 ? name.uppercased() : name)@x.example")], ["last_name": .string(name)])
                }
                group.addTask { try await Self.batch(admin, "contacts", operations, atomic: isAtomic) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }

        let results = try answers.flatMap { try $0.results }
        #expect(answers.allSatisfy { $0.status == 200 }, "\(answers.map(\.text).first { $0.contains("problem") } ?? "")")
        #expect(results.count { $0["status"] == 201 } == 20)
        #expect(results.count { $0["status"] == 200 } == 140)
        #expect(try await Self.names(admin) == names.sorted())
    }

    @Test("A key of a record that the caller may not see is taken, and tells no more") func hiddenKey() async throws {
        let (firm, admin) = try await Self.open()
        _ = try await RightsFirm.id(of: admin.post("/v1/contacts", ["email": "boss@x.example"]))
        let role = try await RightsFirm.role(admin, ["contacts": ["read": "own", "update": "own", "delete": "own", "create": true]])
        let person = try await RightsFirm.person(firm, admin, role)

        let answer = try await Self.batch(
            person.client, "contacts",
            [Self.upsert(["email": "boss@x.example"], ["last_name": "X"]), Self.upsert(["email": "mine@x.example"], ["last_name": "Mine"])])

        let results = try answer.results
        #expect(results.map { $0["status"]?.integer } == [409, 201], "\(answer.text)")
        #expect(results[0]["problem"]?["existing"] == [])
    }

    @Test("Rights hold for each operation") func rights() async throws {
        let (firm, admin) = try await Self.open()
        let known = try await RightsFirm.id(of: admin.post("/v1/contacts", ["last_name": "Known", "email": "k@x.example"]))
        let operations = [
            Self.create(["last_name": "New"]), Self.update(known, ["phone": "1"]), Self.upsert(["email": "k@x.example"], [:]),
            ["op": "delete", "id": .string(known)],
        ]

        let reader = try await Self.batch(firm.person("read_only"), "contacts", operations)
        let member = try await Self.batch(firm.person("member"), "contacts", operations)

        #expect(try reader.results.map { $0["status"]?.integer } == [403, 403, 403, 403], "\(reader.text)")
        #expect(try member.results.map { $0["status"]?.integer } == [201, 403, 403, 403], "\(member.text)")
        #expect(try await admin.get("/v1/contacts/\(known)").json["version"] == 1)
        #expect(try await Self.batch(admin, "custom_fields", operations).status == 405)
        #expect(try await Self.batch(admin, "nothing", operations).status == 404)
    }

    @Test("The last places of the plan go to the first; all or nothing gets none") func limits() async throws {
        let firm = try await LimitedFirm(["records": 6, "records.contacts": 4])
        let gone = try await firm.make("contacts", ["last_name": "Gone"])
        _ = try await firm.make("companies", ["name": "One"])
        let three = (1...3).map { Self.create(["last_name": .string("N\($0)")]) }

        let whole = try await Self.batch(firm.admin, "contacts", three + three, atomic: true)
        let each = try await Self.batch(
            firm.admin, "contacts",
            three + [
                Self.create(["bogus": 1]), three[0], ["op": "delete", "id": .string(gone)], Self.create(["last_name": "N4"]), three[1],
            ])

        #expect(whole.code == "batch_failed")
        #expect(try whole.results.map { $0["status"]?.integer } == [424, 424, 424, 402, 402, 402], "\(whole.text)")
        #expect(try each.results.map { $0["status"]?.integer } == [201, 201, 201, 422, 402, 204, 201, 402], "\(each.text)")
        let problem = try each.results[4]["problem"]
        #expect(problem?["resource"] == "records.contacts" && problem?["limit"] == 4 && problem?["used"] == 4)
        #expect(try await firm.used("records.contacts") == 4)
        #expect(try await firm.used("records") == 5)
        #expect(try await firm.rows("contacts") == 4)
    }

    @Test("Under an Idempotency-Key it happens once, whether it went well or not", arguments: [true, false])
    func repetition(isAtomic: Bool) async throws {
        let (_, admin) = try await Self.open()
        let keyed = admin.with(.idempotencyKey, "batch")
        let operations = [Self.create(["last_name": "Once", "email": "o@x.example"]), Self.create(["email": "O@x.example"])]

        let first = try await Self.batch(keyed, "contacts", operations, atomic: isAtomic)
        let again = try await Self.batch(keyed, "contacts", operations, atomic: isAtomic)
        let other = try await Self.batch(keyed, "contacts", Array(operations.prefix(1)), atomic: isAtomic)

        #expect(first.status == (isAtomic ? 422 : 200), "\(first.text)")
        #expect(again.bytes == first.bytes && again.status == first.status)
        #expect(again.headers[.idempotentReplayed] == "true")
        #expect(other.status == 422 && other.code == "idempotency_mismatch")
        #expect(try await Self.names(admin) == (isAtomic ? [] : ["Once"]))
    }

    @Test("An undo takes back all of it") func undo() async throws {
        let (_, admin) = try await Self.open()
        let known = try await RightsFirm.id(of: admin.post("/v1/contacts", ["last_name": "Known", "email": "k@x.example"]))
        let gone = try await RightsFirm.id(of: admin.post("/v1/contacts", ["last_name": "Gone"]))
        let answer = try await Self.batch(
            admin, "contacts",
            [
                Self.create(["last_name": "New"]), Self.upsert(["email": "k@x.example"], ["last_name": "Changed"]),
                ["op": "delete", "id": .string(gone)], Self.update(known, ["phone": "1"]),
            ])

        let undone = try await admin.send(.post, "/v1/operations/\(try answer.json["operation_id"]?.string ?? "")/undo").json

        #expect(undone["restored"] == 3 && undone["conflicts"] == [], "\(undone.text)")
        #expect(try await Self.names(admin) == ["Gone", "Known"])
        #expect(try await admin.get("/v1/contacts/\(known)").json["phone"] == JSON.null)
    }

    @Test("Deals keep their places without gaps, whatever happens to them in one batch") func deals() async throws {
        let (_, admin) = try await Self.open()
        let pipeline = try #require(try await admin.get("/v1/pipelines").json["data"]?.elements?.first)
        let stages = pipeline["stages"]?.elements?.compactMap { $0["id"] } ?? []
        let deal: (String) -> JSON = { ["name": .string($0), "pipeline_id": pipeline["id"] ?? .null, "stage_id": stages[0]] }
        let made = try await Self.batch(admin, "deals", ["A", "B", "C", "D"].map { Self.create(deal($0)) }).results
        let ids = made.compactMap { $0["id"]?.string }
        #expect(made.map { $0["record"]?["position"] } == [0, 1, 2, 3])

        let moved = try await Self.batch(
            admin, "deals",
            [
                Self.update(ids[0], ["stage_id": stages[1]]), ["op": "delete", "id": .string(ids[2])],
                Self.update(ids[3], ["stage_id": stages[4]]), Self.update(ids[3], ["position": 0]), Self.create(deal("E")),
            ])

        #expect(try moved.results.map { $0["status"]?.integer } == [200, 204, 422, 200, 201], "\(moved.text)")
        let left = try await admin.get("/v1/deals?filter[stage_id]=\(stages[0].string ?? "")&sort=position").json["data"]?.elements ?? []
        #expect(left.map { $0["name"] } == ["D", "B", "E"])
        #expect(left.map { $0["position"] } == [0, 1, 2])
    }

    @Test("Where a version is demanded, each change names one") func requiredVersion() async throws {
        let (_, admin) = try await Self.open()
        let known = try await RightsFirm.id(of: admin.post("/v1/contacts", ["last_name": "Known"]))
        #expect(try await admin.patch("/v1/settings", ["security": ["require_if_match": true]]).status == 200)
        try await eventually { try await admin.patch("/v1/contacts/\(known)", [:]).status == 428 }

        let answer = try await Self.batch(
            admin, "contacts",
            [Self.update(known, ["phone": "1"]), ["op": "update", "id": .string(known), "version": 1, "body": [:]]])

        #expect(try answer.results.map { $0["status"]?.integer } == [428, 200], "\(answer.text)")
    }

    private static func open() async throws -> (firm: Firm, admin: Client) {
        let firm = try await TestSite.shared.firm()
        return (firm, try await firm.admin())
    }

    private static func create(_ body: JSON, ref: String? = nil) -> JSON { operation(["op": "create", "body": body], ref) }

    private static func update(_ id: String, _ body: JSON, ref: String? = nil) -> JSON {
        operation(["op": "update", "id": .string(id), "body": body], ref)
    }

    private static func upsert(_ key: JSON, _ body: JSON) -> JSON { ["op": "upsert", "key": key, "body": body] }

    private static func operation(_ operation: JSON, _ ref: String?) -> JSON {
        ref.map { .object((operation.members ?? []) + [.init("ref", .string($0))]) } ?? operation
    }

    private static func batch(_ client: Client, _ type: String, _ operations: [JSON], atomic: Bool = false) async throws -> Client.Answer {
        try await client.post("/v1/\(type)/batch", ["atomic": .bool(atomic), "operations": .array(operations)])
    }

    private static func pointers(_ result: JSON) -> [String] {
        (result["problem"]?["errors"]?.elements ?? []).compactMap { $0["pointer"]?.string }
    }

    /// The last names of all contacts that have one, in order.
    private static func names(_ admin: Client) async throws -> [String] {
        let list = try await admin.get("/v1/contacts?limit=200").json["data"]?.elements ?? []
        return list.compactMap { $0["last_name"]?.string }.sorted()
    }

    private static func operations(of contact: String, _ admin: Client) async throws -> [JSON] {
        (try await admin.get("/v1/contacts/\(contact)/changes").json["data"]?.elements ?? []).compactMap { $0["operation_id"] }
    }
}

extension Client.Answer {
    /// What each operation of a batch came to.
    var results: [JSON] { get throws { try json["results"]?.elements ?? [] } }
}
