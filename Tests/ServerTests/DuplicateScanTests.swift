import CRM
import Foundation
import HTTPTypes
import Postgres
import Records
import Support
import Testing

@testable import Server

@Suite("All records of a type are looked through for duplicates") struct DuplicateScanTests {
    /// Begins a scan over HTTP and does it as a worker would; answers its address.
    private func scan(_ firm: MergeFirm, _ type: String) async throws -> String {
        let begun = try await firm.admin.post("/v1/duplicates/scans", ["type": .string(type)])
        guard begun.status == 202, let address = begun.headers[.location],
            let id = try begun.json["id"]?.string.flatMap(UUID.init(uuidString:))
        else {
            throw Unexpected(begun)
        }
        #expect(try begun.json["state"] == "queued")
        try await DuplicateScan(id).perform(TestHouse.catalog, in: try await firm.firm.scope())
        return address
    }

    private struct Group: Hashable {
        let ids: Set<String>
        let score: Double
        let reasons: Set<String>
    }

    private func groups(_ client: Client, _ address: String) async throws -> [Group] {
        let answer = try await client.get(address)
        guard answer.status == 200, let groups = try answer.json["groups"]?.elements else { throw Unexpected(answer) }
        return groups.map { group in
            let score: Double = if case .number(let text)? = group["score"] { Double(text) ?? -1 } else { -1 }
            return Group(
                ids: Set((group["ids"]?.elements ?? []).compactMap(\.string)), score: score,
                reasons: Set((group["reasons"]?.elements ?? []).compactMap(\.string)))
        }
    }

    @Test("People are found by number, by name and firm, by a slip of the pen within a firm, and over several steps; each group says why")
    func people() async throws {
        let firm = try await MergeFirm()
        let any = firm.admin.with(.allowDuplicate, "true")
        let acme = try await firm.make("companies", ["name": "Acme"])
        func contact(_ body: JSON) async throws -> String { try await RightsFirm.id(of: any.post("/v1/contacts", body)) }
        let numbered = [
            try await contact(["last_name": "A", "phone": "+49 30 1234567"]),
            try await contact(["last_name": "B", "phone": "4930/1234567"]),
        ]
        let named = [
            try await contact(["first_name": "José", "last_name": "Núñez", "company_id": .string(acme)]),
            try await contact(["first_name": "jose", "last_name": "NUNEZ", "company_id": .string(acme), "phone": "555 777 8888"]),
            try await contact(["first_name": "J.", "last_name": "N.", "phone": "5557778888"]),
        ]
        let slip = [
            try await contact(["first_name": "Katharina", "last_name": "Steinmetz", "company_id": .string(acme)]),
            try await contact(["first_name": "Katarina", "last_name": "Steinmetz", "company_id": .string(acme)]),
        ]
        let national = [
            try await contact(["first_name": "Bo", "last_name": "Lindqvist", "phone": "+46 70 9988776"]),
            try await contact(["first_name": "Bo", "last_name": "Lindquist", "phone": "070 9988776"]),
        ]
        _ = try await contact(["first_name": "Katharina", "last_name": "Steinmetzger"])
        let trashed = try await contact(["last_name": "C", "phone": "49301234567"])
        _ = try await firm.admin.delete("/v1/contacts/\(trashed)")

        let found = try await groups(firm.admin, try await scan(firm, "contacts"))

        let byIDs = Dictionary(uniqueKeysWithValues: found.map { ($0.ids, $0) })
        #expect(byIDs[Set(numbered)]?.reasons == ["same phone"])
        #expect(byIDs[Set(named)]?.reasons.isSuperset(of: ["same name and same company_id", "same phone"]) == true, "\(found)")
        #expect(byIDs[Set(slip)]?.reasons == ["similar name and same company_id"], "\(found)")
        #expect(byIDs[Set(national)]?.reasons == ["similar name and similar phone"], "\(found)")
        #expect(found.count == 4, "\(found)")
        #expect(found.allSatisfy { (0...1).contains($0.score) } && found.map(\.score) == found.map(\.score).sorted(by: >))
        // What it finds can be merged, and is then found no more.
        #expect(try await firm.merge("contacts", numbered[0], [numbered[1]]).status == 200)
        #expect(try await groups(firm.admin, try await scan(firm, "contacts")).count == 3)
    }

    @Test("Firms are found by domain with www, by name and by names that are nearly the same; own types by their own rules") func firms()
        async throws
    {
        let firm = try await MergeFirm()
        let any = firm.admin.with(.allowDuplicate, "true")
        func company(_ body: JSON) async throws -> String { try await RightsFirm.id(of: any.post("/v1/companies", body)) }
        let domains = [
            try await company(["name": "One", "domain": "acme.example"]), try await company(["name": "Two", "domain": "www.acme.example"]),
        ]
        let names = [try await company(["name": "Zeta Bau"]), try await company(["name": "ZETA  BAU"])]
        let alike = [try await company(["name": "Hoffmann Maschinenbau GmbH"]), try await company(["name": "Hofmann Maschinenbau GmbH"])]
        let plural = try await firm.ownType()
        #expect(try await firm.admin.put("/v1/duplicate_rules/\(plural)", ["rules": [["all": ["notes"]]]]).status == 200)
        let machines = [
            try await firm.make(plural, ["serial": "1", "notes": "Red"]), try await firm.make(plural, ["serial": "222", "notes": "Blue"]),
        ]
        _ = try await firm.admin.patch("/v1/\(plural)/\(machines[1])", ["notes": "red"])

        let found = try await groups(firm.admin, try await scan(firm, "companies"))

        #expect(Set(found.map(\.ids)) == [Set(domains), Set(names), Set(alike)], "\(found)")
        #expect(try await groups(firm.admin, try await scan(firm, plural)).map(\.ids) == [Set(machines)])
    }

    @Test("Leads of one e-mail address are found, whatever its case") func addresses() async throws {
        let firm = try await MergeFirm()
        let same = [
            try await firm.make("leads", ["last_name": "Abel", "email": "Kim@example.com"]),
            try await firm.make("leads", ["last_name": "Zorn", "email": "kim@EXAMPLE.com"]),
        ]
        _ = try await firm.make("leads", ["last_name": "Quist", "email": "kim@example.org"])

        let found = try await groups(firm.admin, try await scan(firm, "leads"))

        #expect(found.map(\.ids) == [Set(same)] && found.first?.reasons == ["same email"], "\(found)")
    }

    @Test("A group is for those who may read all of it, and what a role does not see speaks for nothing") func rights() async throws {
        let firm = try await MergeFirm()
        let own = try await RightsFirm.role(firm.admin, ["contacts": ["read": "own"]])
        let blind = try await RightsFirm.role(firm.admin, ["contacts": ["read": "all"]], hidden: ["contacts": ["phone"]])
        let (owner, reader) = (
            try await RightsFirm.person(firm.firm, firm.admin, own), try await RightsFirm.person(firm.firm, firm.admin, blind).client
        )
        let any = firm.admin.with(.allowDuplicate, "true")
        for index in 0..<2 {
            for (phone, owners) in [("5550100", [owner.id, owner.id]), ("5550200", [owner.id, nil])] {
                let body: JSON = ["last_name": .string("P\(phone)\(index)"), "phone": .string(phone), "owner_id": JSON(owners[index])]
                #expect(try await any.post("/v1/contacts", body).status == 201)
            }
        }

        let address = try await scan(firm, "contacts")

        #expect(try await groups(firm.admin, address).count == 2)
        #expect(try await groups(owner.client, address).count == 1)
        #expect(try await groups(reader, address).isEmpty)
        let none = try await RightsFirm.role(firm.admin, ["companies": ["read": "all"]])
        let other = try await RightsFirm.person(firm.firm, firm.admin, none).client
        #expect(try await other.get(address).status == 404)
        #expect(try await other.post("/v1/duplicates/scans", ["type": "contacts"]).status == 403)
    }

    @Test("Groups come in pages; a scan that is not done is answered again; what more than fifty share tells nothing") func pages()
        async throws
    {
        let firm = try await MergeFirm()
        let scope = try await firm.firm.scope()
        _ = try await scope.run([
            """
            INSERT INTO contacts (id, last_name, phone)
            SELECT cell.uuid_v7(), 'Q' || n, '1555' || (1000000 + n / 2) FROM generate_series(2, 15) AS n
            UNION ALL SELECT cell.uuid_v7(), 'S' || md5(n::text), '49309999999' FROM generate_series(1, 51) AS n
            """
        ])
        let first = try await firm.admin.post("/v1/duplicates/scans", ["type": "contacts"])
        let second = try await firm.admin.post("/v1/duplicates/scans", ["type": "contacts"])
        #expect(try first.json["id"] == second.json["id"])
        let id = try #require(try first.json["id"]?.string.flatMap(UUID.init(uuidString:)))
        #expect(try await firm.admin.get("/v1/duplicates/scans/\(id)").json["groups"] == [])

        try await DuplicateScan(id).perform(TestHouse.catalog, in: scope)

        var seen: [Set<String>] = []
        var after: String? = ""
        while let cursor = after {
            let page = try await firm.admin.get("/v1/duplicates/scans/\(id)?limit=3" + (cursor.isEmpty ? "" : "&after=\(cursor)"))
            #expect(page.status == 200, "\(page.text)")
            #expect(try page.json["state"] == "done" && page.json["progress"] == 1)
            seen += (try page.json["groups"]?.elements ?? []).map { Set(($0["ids"]?.elements ?? []).compactMap(\.string)) }
            after = try page.json["page"]?["next"]?.string
        }
        #expect(seen.count == 7 && Set(seen).count == 7 && seen.allSatisfy { $0.count == 2 })
        #expect(try await firm.admin.get("/v1/duplicates/scans/\(id)?after=x").code == "cursor")
        for body: JSON in [[:], ["type": "users"], ["type": 1], ["type": "contacts", "more": 1]] {
            #expect(try await firm.admin.post("/v1/duplicates/scans", body).status == 422, "\(body.text)")
        }
        #expect(try await firm.admin.get("/v1/duplicates/scans/01890000-0000-7000-8000-000000000000").status == 404)
    }
}
