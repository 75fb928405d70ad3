import HTTPTypes
import Records
import Testing

@testable import Server

@Suite("A person asks what is held about it") struct AccessRequestTests {
    @Test("One file holds everything: the person, its twin, lead, work, deals and history") func everything() async throws {
        let person = try await PersonFirm()

        let answer = try await person.firm.admin.send(.post, "/v1/contacts/\(person.contact)/access_request")

        #expect(answer.status == 200)
        #expect(answer.headers[.contentDisposition]?.contains(".json") == true)
        let file = try answer.json
        func ids(_ name: String) -> [String] { (file[name]?.elements ?? []).compactMap { $0["id"]?.string }.sorted() }
        #expect(ids("contacts") == [person.contact, person.twin].sorted())
        #expect(ids("leads") == [person.lead])
        #expect(ids("activities") == [person.ownActivity, person.sharedActivity].sorted())
        #expect(ids("tasks") == [person.task])
        #expect(ids("deals") == [person.privateDeal, person.firmDeal].sorted())
        #expect(file["machines"]?.elements?.count == 1)
        #expect(file["left_out"] == [])
        // Every word but those of files that came in and are not records.
        for word in person.words where !word.contains("filecity") && !word.contains("rejectcity") {
            #expect(answer.text.contains(word), "\(word)")
        }
        let actions = Set((file["changes"]?.elements ?? []).compactMap { $0["action"]?.string })
        #expect(actions.isSuperset(of: ["create", "update", "merge"]))
    }

    @Test("It takes the right to export; what a role does not show is left out, and said") func rights() async throws {
        let person = try await PersonFirm()
        let (firm, address) = (person.firm, "/v1/contacts/\(person.contact)/access_request")
        let role = try await RightsFirm.role(
            firm.admin, ["contacts": ["read": "all", "export": true], "deals": ["read": "own"]], hidden: ["contacts": ["phone"]])
        let narrow = try await RightsFirm.person(firm.firm, firm.admin, role).client

        let answer = try await narrow.send(.post, address)

        #expect(try await firm.firm.person("member").send(.post, address).status == 403)
        #expect(answer.status == 200)
        let file = try answer.json
        #expect(file["deals"] == [] && file["tasks"] == nil)
        #expect(!answer.text.contains("9081726"))
        let leftOut = (file["left_out"]?.elements ?? []).compactMap(\.string)
        #expect(Set(leftOut).isSuperset(of: ["contacts.phone", "deals", "leads", "tasks"]), "\(leftOut)")
        #expect(try await firm.admin.post(address, ["more": 1]).status == 422)
    }
}
