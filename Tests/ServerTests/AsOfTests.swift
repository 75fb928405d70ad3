import Foundation
import HTTPTypes
import Postgres
import Records
import Support
import Testing

@testable import Server

/// Contacts, companies and deals as they stood, held against what was answered when they stood so.
@Suite("As of a moment") struct AsOfTests {
    /// What the list said, trash included, right after the last change of a moment.
    private struct Recorded {
        let moment: String
        let records: [JSON]
    }

    @Test("Every recorded state comes back to the letter, one by one and as a list", arguments: ["contacts", "companies", "deals"])
    func states(type: String) async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let recorded = try await Self.live(type, firm, admin)

        for state in recorded {
            let list = try await admin.get("/v1/\(type)?trash=include&sort=id&limit=200&as_of=\(state.moment)")
            #expect(try Self.lasting(list.json["data"]?.elements ?? []) == Self.lasting(state.records), "\(state.moment)")
            for record in state.records.prefix(2) {
                let id = record["id"]?.string ?? ""
                let one = try await admin.get("/v1/\(type)/\(id)?trash=include&as_of=\(state.moment)")
                #expect(try Self.lasting([one.json]) == Self.lasting([record]), "\(state.moment)")
            }
        }
    }

    @Test("Filters, orders and counts are those of that moment; before it was made a record is not found")
    func filters() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let early = try await Self.settle(firm)
        let first = try await admin.post("/v1/contacts", ["last_name": "Old", "phone": "1"])
        _ = try await admin.post("/v1/contacts", ["last_name": "Other", "phone": "2"])
        let then = try await Self.settle(firm)
        let id = try #require(try first.json["id"]?.string)
        _ = try await admin.patch("/v1/contacts/\(id)", ["last_name": "New"])
        _ = try await Self.settle(firm)

        let old = try await admin.get("/v1/contacts?filter[last_name]=Old&count=exact&as_of=\(then)").json
        let new = try await admin.get("/v1/contacts?filter[last_name]=New&count=exact&as_of=\(then)").json
        let sorted = try await admin.get("/v1/contacts?sort=-last_name&limit=1&as_of=\(then)").json

        #expect(old["data"]?.elements?.compactMap { $0["id"]?.string } == [id])
        #expect(old["page"]?["count"] == 1 && new["page"]?["count"] == 0)
        #expect(sorted["data"]?.elements?.first?["last_name"] == "Other")
        let next = try #require(sorted["page"]?["next"]?.string)
        let second = try await admin.get("/v1/contacts?sort=-last_name&limit=1&as_of=\(then)&after=\(next)").json
        #expect(second["data"]?.elements?.first?["last_name"] == "Old")
        #expect(try await admin.get("/v1/contacts/\(id)?as_of=\(early)").status == 404)
        #expect(try await admin.get("/v1/contacts?as_of=\(early)").json["data"] == [])
    }

    @Test("What cannot be answered is refused: no time, the future, includes, other types")
    func refusals() async throws {
        let admin = try await TestSite.shared.firm().admin()

        for query in ["as_of=yesterday", "as_of=2999-01-01T00:00:00Z", "as_of=2026-01-01T00:00:00Z&include=company", "as_of="] {
            #expect(try await admin.get("/v1/contacts?\(query)").status == 400, "\(query)")
        }
        #expect(try await admin.get("/v1/leads?as_of=2026-01-01T00:00:00Z").status == 400)
    }

    @Test("Rights hold for the past: own reach shows one's own, a hidden field was always hidden")
    func rights() async throws {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let role = try await RightsFirm.role(admin, ["contacts": ["read": "own", "create": true]], hidden: ["contacts": ["phone"]])
        let person = try await RightsFirm.person(firm, admin, role)
        let theirs = try await admin.post("/v1/contacts", ["last_name": "Theirs"])
        let mine = try await person.client.post("/v1/contacts", ["last_name": "Mine"])
        let then = try await Self.settle(firm)
        _ = try await admin.patch("/v1/contacts/\(mine.json["id"]?.string ?? "")", ["last_name": "Still mine", "phone": "1"])
        _ = try await Self.settle(firm)

        let list = try await person.client.get("/v1/contacts?as_of=\(then)").json

        #expect(list["data"]?.elements?.map { $0["last_name"] } == ["Mine"])
        #expect(list["data"]?.elements?.first?["phone"] == nil)
        #expect(try await person.client.get("/v1/contacts/\(theirs.json["id"]?.string ?? "")?as_of=\(then)").status == 404)
        #expect(try await person.client.get("/v1/contacts?filter[phone]=1&as_of=\(then)").status == 400)
    }

    /// Without the place in a stage: it moves by itself when others come and go, and the change log does not tell of that.
    private static func lasting(_ records: [JSON]) -> [JSON] {
        records.map { .object(($0.members ?? []).filter { $0.name != "position" }) }
    }

    /// Lets three records live: made, changed in every way, thrown away, brought back.
    private static func live(_ type: String, _ firm: Firm, _ admin: Client) async throws -> [Recorded] {
        var recorded: [Recorded] = []
        var ids: [String] = []
        for number in 0..<3 {
            let made = try await admin.post("/v1/\(type)", try await body(type, number, admin))
            guard let id = try made.json["id"]?.string else { throw Unexpected(made) }
            ids.append(id)
            recorded.append(try await record(type, firm, admin))
        }
        for (number, id) in (ids + ids).enumerated() {
            let address = "/v1/\(type)/\(id)"
            for patch in patches(type, number) {
                let answer = try await admin.patch(address, patch)
                guard answer.status == 200 else { throw Unexpected(answer) }
                recorded.append(try await record(type, firm, admin))
            }
            if number % 2 == 0 {
                _ = try await admin.delete(address)
                recorded.append(try await record(type, firm, admin))
                if number > 0 { _ = try await admin.send(.post, "\(address)/restore") }
                recorded.append(try await record(type, firm, admin))
                if number == 0 { _ = try await admin.send(.post, "\(address)/restore") }
            }
        }
        return recorded
    }

    private static func body(_ type: String, _ number: Int, _ admin: Client) async throws -> JSON {
        switch type {
        case "contacts": return ["last_name": .string("Ng \(number)"), "address": ["city": "Bonn"], "tags": ["a"]]
        case "companies": return ["name": .string("Acme \(number)"), "employees": 5]
        default:
            let pipeline = try await admin.get("/v1/pipelines").json["data"]?.elements?.first ?? .null
            let stage = pipeline["stages"]?.elements?[number % 2]["id"] ?? .null
            return [
                "name": .string("Deal \(number)"), "pipeline_id": pipeline["id"] ?? .null, "stage_id": stage,
                "amount": ["amount": "100.5", "currency": "EUR"],
            ]
        }
    }

    private static func patches(_ type: String, _ number: Int) -> [JSON] {
        let common: [JSON] = [["tags": ["x", .string("\(number)")]], ["owner_id": nil]]
        switch type {
        case "contacts":
            return common + [
                ["address": ["country": "DE", "city": nil]], ["birthday": "1990-02-28", "email_opt_out": .bool(number % 2 == 0)],
                ["address": nil, "phone": .string("+49 \(number)")],
            ]
        case "companies": return common + [["employees": JSON(number)], ["employees": nil, "industry": .string("Trade \(number)")]]
        default:
            return common + [
                ["amount": ["amount": .string("\(number).25"), "currency": "USD"]], ["probability": JSON(number * 7 + 1)],
                ["close_date": "2026-12-01", "amount": nil],
            ]
        }
    }

    private static func record(_ type: String, _ firm: Firm, _ admin: Client) async throws -> Recorded {
        let list = try await admin.get("/v1/\(type)?trash=include&sort=id&limit=200")
        guard let records = try list.json["data"]?.elements else { throw Unexpected(list) }
        return Recorded(moment: try await settle(firm), records: records)
    }

    /// The moment of the last change; returns when the clock has left it behind.
    private static func settle(_ firm: Firm) async throws -> String {
        let scope = try await firm.scope()
        let start = try await scope.rows(
            """
            SELECT to_char(greatest(max(at), date_trunc('milliseconds', clock_timestamp())) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
            FROM changes
            """)[0].text(0)
        while try await scope.rows("SELECT 1 WHERE clock_timestamp() > \(start)::timestamptz + interval '2 ms'").isEmpty {}
        return start
    }
}
