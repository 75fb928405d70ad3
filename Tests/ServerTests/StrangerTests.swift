import HTTPTypes
import Records
import Support
import Testing

@testable import Server

/// What one firm learns of another: nothing.
@Suite("Strangers") struct StrangerTests {
    @Test("On every route with an id, a stranger's id is indistinguishable from one that never existed")
    func foreignIDs() async throws {
        let site = try await TestSite.shared
        let (ours, theirs) = (try await site.firm(), try await site.firm())
        let client = try await ours.admin()
        let stranger = try await theirs.admin()
        let ids = try await Self.ids(of: theirs, stranger)
        let document = try await client.get("/v1/openapi.json").json
        var probes = 0

        for path in document["paths"]?.members ?? [] where path.name.contains("{id}") {
            for operation in path.value.members ?? [] {
                guard let method = HTTPRequest.Method(operation.name.uppercased()) else { continue }
                let body: JSON? = method == .patch ? .object([]) : nil
                func probe(_ id: String) async throws -> (Int, JSON) {
                    let answer = try await client.send(method, path.name.replacing("{id}", with: id), body?.text)
                    return (answer.status, Self.withoutTraces(try answer.json))
                }
                let never = try await probe("01890000-0000-7000-8000-000000000000")
                #expect(never.0 == 404, "\(method) \(path.name)")
                for id in ids + ["no-uuid", "%00"] {
                    let answer = try await probe(id)
                    #expect(answer.0 == never.0 && answer.1 == never.1, "\(method) \(path.name) \(id)")
                    probes += 1
                }
            }
        }

        #expect(probes > 60)
        for id in ids { #expect(try await stranger.get("/v1/\(Self.type(of: id, in: ids))/\(id)").status == 200) }
    }

    /// One record of every type.
    private static func ids(of firm: Firm, _ client: Client) async throws -> [String] {
        var ids: [String] = []
        ids.append(try await Self.id(client.post("/v1/contacts", ["last_name": "Secret"])))
        ids.append(try await Self.id(client.post("/v1/companies", ["name": "Secret"])))
        ids.append(try await firm.roleID("member"))
        ids.append(try await Self.id(client.post("/v1/api_keys", ["name": "Secret", "role_id": .string(try await firm.roleID("member"))])))
        return ids
    }

    private static func type(of id: String, in ids: [String]) -> String {
        ["contacts", "companies", "roles", "api_keys"][ids.firstIndex(of: id) ?? 0]
    }

    private static func id(_ answer: Client.Answer) throws -> String {
        guard let id = try answer.json["id"]?.string else { throw Unexpected(answer) }
        return id
    }

    /// Without what differs from request to request anyway.
    private static func withoutTraces(_ document: JSON) -> JSON {
        .object((document.members ?? []).filter { $0.name != "instance" && $0.name != "request_id" })
    }

    @Test("A stranger's id in a body is refused like one that never existed, and neither list nor filter nor cursor reaches across")
    func foreignReferences() async throws {
        let site = try await TestSite.shared
        let (ours, theirs) = (try await site.firm().admin(), try await site.firm().admin())
        let company = try Self.id(try await theirs.post("/v1/companies", ["name": "Secret"]))
        for number in 0..<3 { _ = try await theirs.post("/v1/contacts", ["last_name": .string("Secret \(number)")]) }
        let cursor = try #require(try await theirs.get("/v1/contacts?limit=1").json["page"]?["next"]?.string)

        let foreign = try await ours.post("/v1/contacts", ["last_name": "X", "company_id": .string(company)])
        let never = try await ours.post("/v1/contacts", ["last_name": "X", "company_id": "01890000-0000-7000-8000-000000000000"])

        #expect(foreign.status == 422)
        #expect(Self.withoutTraces(try foreign.json) == Self.withoutTraces(try never.json))
        #expect(try await ours.get("/v1/contacts?count=exact").json["page"]?["count"] == 0)
        #expect(try await ours.get("/v1/contacts?filter[company_id]=\(company)").json["data"] == [])
        #expect(try await ours.get("/v1/contacts?after=\(cursor)").code == "cursor")
    }

    @Test("The operators' side knows no tenant's credential, and tenants' side no operator's")
    func sides() async throws {
        let site = try await TestSite.shared
        let client = try await site.firm().admin()
        let document = try await site.operator().get("/operator/v1/openapi.json").json

        for path in document["paths"]?.members ?? [] {
            for operation in path.value.members ?? [] {
                guard let method = HTTPRequest.Method(operation.name.uppercased()) else { continue }
                let answer = try await client.send(method, path.name.replacing(/\{\w+\}/, with: "acme"), method == .get ? nil : "{}")
                #expect(answer.status == 401, "\(method) \(path.name): \(answer.status)")
            }
        }
        #expect(try await site.operator().get("/v1/contacts").status == 401)
    }
}
