import Foundation
import HTTPTypes
import Records
import Support
import Testing

@testable import Server
@testable import Tenancy

/// The OpenAPI document says of each call in which states of an account it is possible; here every call is made in every state.
@Suite("What an account may do in each state") struct TenantStateRouteTests {
    @Test("Every route answers as its states say", arguments: TenantState.allCases)
    func everyRoute(state: TenantState) async throws {
        let site = try await TestSite.shared
        let firm = try await site.firm()
        let admin = try await firm.admin()
        let key = try await admin.post("/v1/api_keys", ["name": "walker", "role_id": .string(try await firm.roleID("admin"))])
        let client = site.stranger.bearing(try #require(try key.json["key"]?.string))
        let document = try await client.get("/v1/openapi.json").json
        let before = try await firm.scope()
        try await site.installation.put(firm.slug, in: state)
        var calls = 0

        // Its answer does not end; that it reads is its method's doing.
        for path in document["paths"]?.members ?? [] where path.name != EventRoutes.path {
            for operation in path.value.members ?? [] {
                guard let method = HTTPRequest.Method(operation.name.uppercased()), operation.value["security"] != [] else { continue }
                let states = Set((operation.value["x-tenant-states"]?.elements ?? []).compactMap { $0.string.flatMap(TenantState.init) })
                let address = path.name.replacing(/\{\w+\}/, with: "01890000-0000-7000-8000-000000000000")
                let body: String? = method == .get ? nil : "{}"
                let answer = try await client.send(method, address, body)

                let what = "\(method) \(path.name) in \(state): \(answer.status) \(answer.code ?? "")"
                #expect(!states.isEmpty, "\(what)")
                if !state.allowsSignIn {
                    #expect(answer.status == 401, "\(what)")
                } else if states.contains(state) {
                    #expect(answer.status != 401 && answer.code != "tenant_suspended", "\(what)")
                } else {
                    #expect(answer.status == 403 && answer.code == "tenant_suspended", "\(what)")
                }
                calls += 1
            }
        }

        #expect(calls > 100)
        if state != .provisioning && state != .deleted { #expect(try await before.rows("SELECT count(*) FROM users")[0].int(0) == 1) }
    }

    @Test("Signing in follows the state, and so does a session that is there already", arguments: TenantState.allCases)
    func signingIn(state: TenantState) async throws {
        let site = try await TestSite.shared
        let firm = try await site.firm()
        let client = try await firm.admin()
        try await site.installation.put(firm.slug, in: state)

        let signIn = try await site.stranger.post("/v1/session", firm.signInBody)
        let session = try await client.get("/v1/session")

        #expect(signIn.status == (state.allowsSignIn ? 201 : 401))
        #expect(session.status == (state.allowsSignIn ? 200 : 401))
        if state.allowsSignIn { #expect(try session.json["tenant"]?["state"] == .string(state.rawValue)) }
    }

    @Test("Who is past due works on, with a banner; who is suspended reads and makes no change") func banner() async throws {
        let site = try await TestSite.shared
        let firm = try await site.firm()
        let client = try await firm.admin()
        let address = "/operator/v1/tenants/\(firm.slug)"
        func banner() async throws -> JSON? { try await client.get("/v1/session").json["plan"]?["banner"] }
        #expect(try await banner() == .null)

        let order = try await site.operator(.support).post(address + "/mark_past_due", ["reason": "Invoice 7", "grace": "P10D"])
        #expect(try order.json["state"] == "past_due")
        #expect(try order.json["grace_ends_at"]?.string?.hasSuffix("Z") == true)
        #expect(try await banner()?.string?.hasPrefix("A payment is due.") == true)
        #expect(try await client.post("/v1/contacts", ["last_name": "Ng"]).status == 201)

        #expect(try await site.operator(.support).post(address + "/mark_paid", ["reason": "Paid"]).json["state"] == "active")
        #expect(try await banner() == .null)
        #expect(try await site.operator().post(address + "/mark_past_due", ["reason": "x", "grace": "soon"]).pointers == ["/grace"])
        #expect(try await site.operator(.viewer).post(address + "/mark_paid", ["reason": "x"]).status == 403)
        #expect(try await site.operator().post(address + "/mark_paid", [:]).pointers == ["/reason"])

        _ = try await site.operator().post(address + "/suspend", ["reason": "Invoice 8"])
        #expect(try await site.operator().post(address + "/mark_paid", ["reason": "x"]).code == "conflict")
        #expect(try await banner()?.string?.contains("suspended") == true)
        #expect(try await client.get("/v1/contacts").status == 200)
        #expect(try await client.get("/v1/contacts/vcard").status == 200)
        #expect(try await client.post("/v1/contacts", ["last_name": "Ng"]).code == "tenant_suspended")
    }
}
