import HTTPTypes
import Support
import Testing

@testable import Records
@testable import Server

/// The record contract, type by type: what is tried follows from the catalogue.
@Suite("Every record type keeps the contract") struct ConformanceTests {
    private static let types = Specimens.types

    @Test("What is created is answered, read back and listed; a patch changes what it names and no more", arguments: types)
    func creating(name: String) async throws {
        let specimens = try await Specimens.open(name)
        let made = try await specimens.admin.post(specimens.address, specimens.body(1))
        #expect(made.status == 201, "\(made.text)")
        let id = try #require(try made.json["id"]?.string)
        let address = "\(specimens.address)/\(id)"

        #expect(try await specimens.admin.get(address).bytes == made.bytes)
        let list = try await specimens.admin.get("\(specimens.address)?filter[id]=\(id)").json["data"]?.elements
        #expect(try list == [made.json])
        for field in specimens.writable where !field.isWriteOnly && !Self.isShapedByRule(name, field) {
            let same = try made.json[field.name]
            #expect(Self.includes(same ?? .null, specimens.value(field, 1) ?? .null), "\(field.name): \(same?.text ?? "")")
        }
        let none = try await specimens.admin.patch(address, [:])
        #expect(none.status == 200 && none.headers[.eTag] == "\"1\"")
        let patched = try await specimens.admin.patch(address, ["tags": ["other"]])
        #expect(patched.status == 200, "\(patched.text)")
        #expect(try patched.json["tags"] == ["other"])
        #expect(try patched.json["version"] == 2)
        for member in try made.json.members ?? [] where !["tags", "version", "updated_at"].contains(member.name) {
            #expect(try patched.json[member.name] == member.value, "\(member.name)")
        }
    }

    @Test("The trash hides a record and gives it back as it was", arguments: types)
    func trashing(name: String) async throws {
        let specimens = try await Specimens.open(name)
        let made = try await specimens.create(1)
        let address = "\(specimens.address)/\(made["id"]?.string ?? "")"

        #expect(try await specimens.admin.delete(address).status == 204)
        #expect(try await specimens.admin.get(address).status == 404)
        #expect(try await specimens.admin.delete(address).status == 404)
        #expect(try await specimens.admin.get("\(address)?trash=only").status == 200)
        let restored = try await specimens.admin.send(.post, "\(address)/restore")
        #expect(restored.status == 200, "\(restored.text)")
        for member in made.members ?? [] where !["version", "updated_at", "position"].contains(member.name) {
            #expect(try restored.json[member.name] == member.value, "\(member.name)")
        }
        #expect(try await specimens.admin.delete("\(address)?purge=true").status == 204)
        #expect(try await specimens.admin.get("\(address)?trash=include").status == 404)
    }

    @Test("Of writes that race with If-Match one wins and nothing is lost", arguments: types)
    func racing(name: String) async throws {
        let specimens = try await Specimens.open(name)
        let address = "\(specimens.address)/\(try await specimens.create(1)["id"]?.string ?? "")"
        let first = specimens.admin.with(.ifMatch, "\"1\"")

        let answers = try await withThrowingTaskGroup(of: Client.Answer.self) { group in
            for number in 0..<4 {
                group.addTask { try await first.patch(address, ["tags": [.string("by \(number)")]]) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }

        #expect(answers.map(\.status).sorted() == [200, 412, 412, 412])
        let winner = try answers.first { $0.status == 200 }?.json
        #expect(try await specimens.admin.get(address).json == winner)
        for answer in answers where answer.status == 412 {
            #expect(try answer.json["current_version"] == 2)
            #expect(try answer.json["changed"] == ["tags"])
        }
        #expect(try await first.delete(address).status == 412)
    }

    @Test(
        "A batch makes, changes, finds by its unique fields and deletes; all or nothing leaves nothing; an undo takes it back",
        arguments: types)
    func batching(name: String) async throws {
        let specimens = try await Specimens.open(name)
        let address = "\(specimens.address)/batch"
        let known = try await specimens.create(1)
        let id = known["id"] ?? .null
        var operations: [JSON] = [
            ["op": "create", "ref": "new", "body": specimens.body(2)], ["op": "update", "id": id, "body": ["tags": ["changed"]]],
        ]
        for field in specimens.type.keys() {
            let key = JSON.object([.init(field.path, known[field.name] ?? .null)])
            operations.append(["op": "upsert", "key": key, "body": ["tags": [.string("by \(field.name)")]]])
        }
        operations.append(["op": "delete", "id": id])

        let whole = try await specimens.admin.post(
            address, ["atomic": true, "operations": .array(operations + [["op": "create", "body": ["bogus": 1]]])])
        #expect(whole.status == 422 && whole.code == "batch_failed", "\(whole.text)")
        #expect(try whole.results.map { $0["status"]?.integer } == operations.map { _ in 424 } + [422])
        #expect(try await specimens.admin.get("\(specimens.address)/\(id.string ?? "")").json == known)

        let answer = try await specimens.admin.post(address, ["atomic": true, "operations": .array(operations)])
        #expect(answer.status == 200, "\(answer.text)")
        let results = try answer.results
        let changes = [Int](repeating: 200, count: operations.count - 2)
        #expect(results.map { $0["status"]?.integer } == [201] + changes + [204], "\(answer.text)")
        #expect(results.dropFirst().allSatisfy { $0["id"] == id })
        let made = results[0]["record"] ?? .null
        let kept = try await specimens.admin.get("\(specimens.address)/\(made["id"]?.string ?? "")").json
        // A deal moves up when the one before it goes.
        for member in made.members ?? [] where member.name != "position" { #expect(kept[member.name] == member.value, "\(member.name)") }
        #expect(try await specimens.admin.get("\(specimens.address)/\(id.string ?? "")").status == 404)

        let operation = try answer.json["operation_id"]?.string ?? ""
        let undone = try await specimens.admin.send(.post, "/v1/operations/\(operation)/undo")
        #expect(undone.status == 200, "\(undone.text)")
        #expect(try undone.json["restored"] == 2 && undone.json["conflicts"] == [], "\(undone.text)")
        #expect(try await specimens.admin.get("\(specimens.address)/\(id.string ?? "")").json["tags"] == known["tags"])
        #expect(try await specimens.admin.get("\(specimens.address)/\(made["id"]?.string ?? "")").status == 404)
    }

    @Test("Where the plan has no place left one more is 402 with the numbers, and so is one from the trash", arguments: counted)
    func full(name: String) async throws {
        let specimens = try await Specimens.open(name)
        let made = try await specimens.create(1)
        let resource = "records.\(name)"
        let used = try #require(try await specimens.admin.get("/v1/usage").json["usage"]?[resource]?["used"]?.integer)
        let agreed: JSON = [
            "plan": "unlimited", "overrides": ["limits": .object([.init(resource, JSON(used))])], "reason": "A test of its limits.",
        ]
        let changed = try await specimens.firm.site.operator().post("/operator/v1/tenants/\(specimens.firm.slug)/change_plan", agreed)
        #expect(changed.status == 200, "\(changed.text)")

        let refused = try await specimens.admin.post(specimens.address, specimens.body(2))

        #expect(refused.status == 402 && refused.code == "plan_limit", "\(refused.text)")
        #expect(try refused.json["limit"] == JSON(used) && refused.json["used"] == JSON(used))
        #expect(try refused.json["resource"]?.string == resource)
        let address = "\(specimens.address)/\(made["id"]?.string ?? "")"
        #expect(try await specimens.admin.delete(address).status == 204)
        #expect(try await specimens.admin.post(specimens.address, specimens.body(2)).status == 201)
        #expect(try await specimens.admin.send(.post, "\(address)/restore").status == 402)
    }

    /// Types whose records count: not those that furnish the account.
    private static let counted = types.filter { TestHouse.catalog[$0]?.standing != .furniture }

    @Test("A file whose columns are called as the fields makes records that hold what a body would have said", arguments: importable)
    func importing(name: String) async throws {
        let specimens = try await Specimens.open(name)
        let house = ImportFirm(specimens.firm, specimens.admin)
        // Nobody sets a password by a file, and without one a person is invited.
        let fields = specimens.writable.filter { !$0.isWriteOnly && "\(name).\($0.name)" != "users.status" }
        let rows = [1, 2].map { number in fields.flatMap { Self.cells($0, specimens.value($0, number) ?? .null) } }
        func line(_ cells: [String]) -> String { cells.map { "\"\($0.replacing("\"", with: "\"\""))\"" }.joined(separator: ",") + "\n" }

        let result = try await house.take(
            ["type": .string(name)], line(rows[0].map(\.column)) + rows.map { line($0.map(\.text)) }.joined())

        let errors = try await house.errors(result)
        #expect(counts(result) == [2, 2, 0, 0, 0], "\(result.text) \(errors)")
        let records = try await house.all(name)
        for number in [1, 2] {
            let isThere = records.contains { record in
                fields.allSatisfy { field in
                    Self.isShapedByRule(name, field)
                        || Self.includes(record[field.name] ?? .null, specimens.value(field, number) ?? .null)
                }
            }
            #expect(isThere, "\(number): \(JSON.array(records).text)")
        }
    }

    private static let importable = types.filter {
        TestHouse.catalog[$0]?.operations.isSuperset(of: [.create, .update, .batch]) ?? true
    }

    /// The columns of a file that say a field's value, each with its cell.
    private static func cells(_ field: FieldDefinition, _ value: JSON) -> [(column: String, text: String)] {
        if case .document = field.kind { return [(field.path, value.text)] }
        if let members = value.members {
            // The column of an amount is called as the field.
            return members.map { ($0.name == "amount" ? field.path : "\(field.path).\($0.name)", text($0.value)) }
        }
        return [(field.path, value.elements.map { $0.map(text).joined(separator: ",") } ?? text(value))]
    }

    private static func text(_ value: JSON) -> String { value.string ?? (value.isNull ? "" : value.text) }

    @Test("Every refusal is the one that fits: 403, 404, 409, 422", arguments: types)
    func refusing(name: String) async throws {
        let specimens = try await Specimens.open(name)
        let made = try await specimens.create(1)
        let address = "\(specimens.address)/\(made["id"]?.string ?? "")"
        let reader = try await specimens.firm.person("read_only")

        #expect(try await reader.post(specimens.address, specimens.body(2)).status == 403)
        #expect(try await reader.patch(address, ["tags": []]).status == 403)
        #expect(try await reader.delete(address).status == 403)
        #expect(try await specimens.admin.get("\(specimens.address)/no-uuid").status == 404)
        #expect(try await specimens.admin.post(specimens.address, ["bogus": 1]).pointers.contains("/bogus"))
        for field in specimens.writable {
            let refused = try await specimens.admin.patch(address, .object([.init(field.name, [["nonsense": 1]])]))
            #expect(refused.status == 422, "\(field.name): \(refused.text)")
            #expect(refused.pointers.allSatisfy { $0.hasPrefix("/\(field.name)") }, "\(field.name): \(refused.text)")
        }
        for field in specimens.type.fields where field.isUnique && !field.isReadOnly {
            var body = specimens.body(5).members ?? []
            body.removeAll { $0.name == field.name }
            body.append(.init(field.name, specimens.value(field, 1) ?? .null))
            let refused = try await specimens.admin.post(specimens.address, .object(body))
            #expect(refused.status == 409 && refused.code == "duplicate", "\(field.name): \(refused.text)")
        }
    }

    /// Whether the answer has what the body said; objects may have more.
    private static func includes(_ answer: JSON, _ said: JSON) -> Bool {
        guard let members = said.members else { return answer == said }
        return members.allSatisfy { includes(answer[$0.name] ?? .null, $0.value) }
    }

    private static func isShapedByRule(_ type: String, _ field: FieldDefinition) -> Bool {
        type == "pipelines" && field.name == "stages" || type == "roles" && field.name == "rights"
    }
}
