import Foundation
import HTTPTypes
import Postgres
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

    /// From where nobody else tries to sign in.
    private static func stranger(_ site: TestSite) -> Client {
        site.stranger.from("2001:db8:\(Int.random(in: 1...9999)):\(Int.random(in: 1...9999))::1")
    }

    @Test("A page's form does what the account's state allows: otherwise it changes nothing and says so", arguments: TenantState.allCases)
    func forms(state: TenantState) async throws {
        let site = try await TestSite.shared
        let firm = try await site.firm()
        let admin = try await firm.admin()
        let id = try await RightsFirm.id(of: admin.post("/v1/contacts", ["last_name": "Before"]))
        let contact = "/contacts/\(id)"
        let credential = try #require(admin.credential)
        let proof = ["csrf": CSRFToken.of(credential)]
        let client = site.stranger.with(.cookie, "tenantry_session=\(credential.text)")
        let browser = client.with(.accept, "text/html")
        let scope = try await firm.scope()
        try await site.installation.put(firm.slug, in: state)

        let read = try await browser.get(contact)
        #expect(read.status == (state.allowsSignIn ? 200 : 303))
        let forms: [(path: String, fields: [String: String])] = [
            ("/contacts/new", ["last_name": "New"]), (contact + "/edit", ["last_name": "After", "version": "1"]), (contact + "/trash", [:]),
        ]
        for (path, fields) in forms {
            let form = fields.merging(proof) { $1 }
            let answer = try await client.submit(path, form)
            let what = "\(path) in \(state): \(answer.status) \(answer.headers[.location] ?? answer.code ?? "")"
            if !state.allowsSignIn {
                #expect(answer.status == 303 && answer.headers[.location]?.hasPrefix("/?next=") == true, "\(what)")
            } else if state.allowsWrites {
                #expect(answer.status == 303 && answer.headers[.location]?.hasPrefix("/contacts") == true, "\(what)")
            } else {
                let page = try await browser.submit(path, form)
                #expect(answer.status == 403 && answer.code == "tenant_suspended", "\(what)")
                #expect(page.status == 403 && page.headers[.contentType] == "text/html; charset=utf-8", "\(what)")
            }
        }

        // Nothing is left of a deleted tenant, or it goes just now.
        if state.allowsSignIn {
            let names = try await scope.rows(
                "SELECT last_name || CASE WHEN deleted_at IS NULL THEN '' ELSE ' (trash)' END FROM contacts ORDER BY created_at, id"
            ).map { try $0.text(0) }
            #expect(names == (state.allowsWrites ? ["After (trash)", "New"] : ["Before"]))
        }
    }

    @Test("The forms of the way in and out follow the state", arguments: TenantState.allCases)
    func doors(state: TenantState) async throws {
        let site = try await TestSite.shared
        let firm = try await site.firm()
        let admin = try await firm.admin()
        let credential = try #require(admin.credential)
        let client = site.stranger.with(.cookie, "tenantry_session=\(credential.text)")
        let tenant = try await firm.scope().tenant
        let stranger = Self.stranger(site)
        let who = ["tenant": firm.slug, "email": firm.email]
        try await site.installation.put(firm.slug, in: state)

        let entered = try await stranger.submit("/", who.merging(["password": TestSite.password]) { $1 })
        let forgotten = try await stranger.submit("/forgotten", who)
        let promised = try await site.installation.cells.scope(of: tenant.cell).rows(
            """
            SELECT count(*) FROM jobs JOIN job_lanes AS lane ON lane.id = jobs.lane_id
            WHERE lane.tenant_id = \(tenant.id) AND jobs.unique_key LIKE '% password_reset'
            """)
        let left = try await client.submit("/sign-out", ["csrf": CSRFToken.of(credential)])

        #expect(entered.status == (state.allowsSignIn ? 303 : 401))
        #expect((entered.headers[.setCookie] != nil) == state.allowsSignIn)
        // The page says the same, and a mail is promised only where it leads to something.
        #expect(forgotten.status == 200)
        #expect(try promised[0].int(0) == (state.allowsSignIn ? 1 : 0))
        #expect(left.status == 303)
        #expect(left.headers[.location] == (state.allowsSignIn ? "/" : "/?next=%2Fsign-out"))
        try await eventually { try await admin.get("/v1/session").status == 401 }
    }

    @Test(
        "What mails lead to makes nobody a user of a closed account; a new password is chosen while it is of use",
        arguments: TenantState.allCases)
    func links(state: TenantState) async throws {
        let post = try await PostSite.shared
        let firm = try await post.site.firm()
        let (member, invited) = (try await firm.user("member"), "\(TestSite.unique())@\(firm.slug).example")
        let order: JSON = ["email": .string(invited), "name": "Ines", "role_id": .string(try await firm.roleID("member"))]
        _ = try await RightsFirm.id(of: firm.admin().post("/v1/users", order))
        let stranger = Self.stranger(post.site)
        _ = try await stranger.submit("/forgotten", ["tenant": firm.slug, "email": member])
        let invitation = try #require(try await post.mails(to: invited, count: 1).first?.token("invitation"))
        let reset = try #require(try await post.mails(to: member, count: 1).first?.token("password"))
        let scope = try await firm.scope()
        let password = "a brand new pass phrase"
        try await post.site.installation.put(firm.slug, in: state)

        let accepted = try await stranger.submit("/invitation/\(invitation)", ["password": password])
        let chosen = try await stranger.submit("/password/\(reset)", ["password": password])

        #expect(accepted.text.contains("role=\"alert\"") == !state.allowsWrites)
        #expect(chosen.text.contains("role=\"alert\"") == !state.allowsSignIn)
        let status = try await scope.rows("SELECT status FROM users WHERE email = \(invited)")[0].text(0)
        #expect(status == (state.allowsWrites ? "active" : "invited"))
        let signIn = try await stranger.submit("/", ["tenant": firm.slug, "email": member, "password": password])
        #expect(signIn.status == (state.allowsSignIn ? 303 : 401))
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
