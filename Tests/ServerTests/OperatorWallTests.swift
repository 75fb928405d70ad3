import Foundation
import HTTPTypes
import Records
import Support
import Tenancy
import Testing

@testable import Server

/// Between tenants and operators there is no way through, whatever a request shows and however it writes its address.
@Suite("The wall between tenants and operators") struct OperatorWallTests {
    private struct Route {
        let method: HTTPRequest.Method
        let path: String
        /// Whether it is open only to someone who shows who he is.
        var asksWho = true
    }

    /// What only operators read and no document names.
    private static let beside = ["/operator/v1/openapi.json", "/metrics"].map { Route(method: .get, path: $0) }

    /// Every call that both documents name.
    private static func routes(_ client: Client, _ document: String) async throws -> [Route] {
        (try await client.get(document).json["paths"]?.members ?? []).flatMap { path in
            (path.value.members ?? []).compactMap { operation in
                HTTPRequest.Method(operation.name.uppercased()).map {
                    Route(method: $0, path: path.name, asksWho: operation.value["security"] != [])
                }
            }
        }
    }

    private static func filled(_ path: String, _ slug: String) -> String {
        path.replacing("{slug}", with: slug).replacing(/\{\w+\}/, with: "01890000-0000-7000-8000-000000000000")
    }

    /// An API key with an administrator's rights.
    private static func key(_ firm: Firm, _ admin: Client) async throws -> String {
        let made = try await admin.post("/v1/api_keys", ["name": "k", "role_id": .string(try await firm.roleID("admin"))])
        return try #require(try made.json["key"]?.string)
    }

    /// Does the work for each of them, a few at a time.
    private static func each<Element: Sendable>(
        of all: [Element], _ work: @escaping @Sendable (Element) async throws -> Void
    ) async throws {
        let lanes = 8
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<lanes {
                group.addTask {
                    for place in stride(from: lane, to: all.count, by: lanes) { try await work(all[place]) }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("No credential of a tenant, shown in whatever way, opens any of the operators' routes, on either listener")
    func credentials() async throws {
        let shared = try await TestSite.shared
        let apart = try await TestSite.open { $0.operatorPort = 0 }
        // On the tenants' own listener the operators' addresses do not even exist. On the operators' own the figures ask nobody who he is.
        for fronts in [[(shared.front, 401, 401)], [(apart.front, 404, 404), (apart.aside, 401, 200)]] {
            let firm = try await shared.firm()
            let session = try await firm.admin()
            let token = try #require(session.credential).text
            let key = try await Self.key(firm, session)
            let calendar = try await session.post("/v1/calendar/token", [:]).json["url"]?.string?.split(separator: "/").last.map(
                String.init)
            let csrf = CSRFToken.of(try #require(session.credential))
            let routes = try await Self.routes(shared.operator(), "/operator/v1/openapi.json")
            #expect(routes.count > 15)

            for (front, expected, figures) in fronts {
                let stranger = Client(front)
                let forged = "to_" + token.dropFirst(3)
                let secret = token.split(separator: "_", maxSplits: 2).last.map(String.init) ?? ""
                let attempts: [(String, Client)] = [
                    ("nothing", stranger), ("a session", stranger.bearing(token)), ("a key", stranger.bearing(key)),
                    ("a calendar's token", stranger.bearing(String((calendar ?? "").dropLast(4)))),
                    ("a session as an operator's token", stranger.bearing(forged)), ("its secret alone", stranger.bearing("to_" + secret)),
                    ("a cookie", stranger.with(.cookie, "tenantry_session=\(token)").with(.csrfToken, csrf)),
                    ("an operator's cookie", stranger.with(.cookie, "tenantry_session=to_\(secret)").with(.csrfToken, csrf)),
                    ("Basic", stranger.with(.authorization, "Basic " + Data("admin:\(key)".utf8).base64EncodedString())),
                    ("a tenant's name", stranger.bearing(token).with(.tenant, "operator")),
                    ("our own tenant's name", stranger.bearing(key).with(.tenant, firm.slug).at(host: "\(firm.slug).crm.example.com")),
                    ("an operator's host", stranger.bearing(token).at(host: "operator.crm.example.com")),
                    ("a near address", stranger.bearing(token).with(.forwardedFor, "127.0.0.1").from("127.0.0.1")),
                ]
                for route in routes + Self.beside {
                    let address = Self.filled(route.path, firm.slug)
                    let wanted = route.path == "/metrics" ? figures : expected
                    for (what, client) in attempts {
                        let answer = try await client.send(route.method, address, route.method == .get ? nil : #"{"reason":"mine"}"#)
                        #expect(answer.status == wanted, "\(route.method) \(route.path) with \(what): \(answer.status)")
                    }
                }
                // The page for people is the same shell for everyone: what it shows it asks for with an operator's token.
                for path in ["/operator/docs", "/operator/docs/problems"] {
                    let empty = try await stranger.get(path)
                    #expect(empty.status == (expected == 404 ? 404 : 200), "\(path): \(empty.status)")
                    #expect(!empty.text.contains("/operator/v1/tenants"), "\(path)")
                    for (what, client) in attempts {
                        let answer = try await client.get(path)
                        #expect(
                            answer.status == empty.status && (answer.status == 404 || answer.bytes == empty.bytes), "\(path) with \(what)")
                    }
                }
            }
            let tenant = try await shared.operator().get("/operator/v1/tenants/\(firm.slug)").json
            #expect(tenant["state"] == "active")
        }
    }

    @Test("No way of writing an address or a method leads from a tenant's routes to the operators'") func addresses() async throws {
        let site = try await TestSite.shared
        let firm = try await site.firm()
        let session = try await firm.admin()
        let clients = [("a session", session), ("a key", site.stranger.bearing(try await Self.key(firm, session)))]
        let operators = try await Self.routes(site.operator(), "/operator/v1/openapi.json")
        let spellings: [(String) -> String] = [
            { "/" + $0 }, { $0.replacing("/v1/", with: "//v1//") }, { $0 + "/" }, { $0 + "//" }, { $0.uppercased() },
            { $0.replacing("operator", with: "Operator") }, { $0.replacing("operator", with: "%6Fperator") },
            { $0.replacing("/v1/", with: "%2Fv1%2F") }, { "/v1/.." + $0 }, { "/v1/%2e%2e" + $0 }, { "/v1/%2E%2E%2F" + $0.dropFirst() },
            { "/v1/contacts/../.." + $0 }, { "/v1/contacts/..%2f..%2f" + $0.dropFirst() }, { "/./" + $0.dropFirst() },
            { $0 + ";x=1" }, { $0 + "%00" }, { $0 + "%20" }, { $0.replacing("/", with: "\\") }, { "/v1" + $0 },
            { "http://localhost" + $0 }, { $0 + "?x=1" }, { $0 + ".json" }, { $0.replacing("operator", with: "operator%09") },
        ]
        let refusals: Set<Int> = [400, 401, 404, 405, 414]

        for route in operators + Self.beside {
            let address = Self.filled(route.path, firm.slug)
            for spelling in spellings {
                let written = spelling(address)
                for (what, client) in clients {
                    let answer = try await client.send(route.method, written, route.method == .get ? nil : #"{"reason":"mine"}"#)
                    #expect(refusals.contains(answer.status), "\(route.method) \(written) with \(what): \(answer.status)")
                }
            }
        }
        #expect(try await site.operator().get("/operator/v1/tenants/\(firm.slug)").json["state"] == "active")
    }

    /// What a proxy, or a framework behind one, might believe of a request, each with what would lead to the operators.
    private static func forgeries(_ slug: String) -> [(name: HTTPField.Name, value: String)] {
        let target = "/operator/v1/tenants/\(slug)/suspend"
        let told: [(names: [String], values: [String])] = [
            (["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"], ["POST", "GET"]),
            (["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix", "X-Forwarded-Uri"], [target, "/operator/v1/tenants"]),
            (["X-Forwarded-Host"], ["operator.crm.example.com", "operator"]),
            (["Forwarded"], ["for=127.0.0.1;host=operator.crm.example.com"]),
            (["X-Real-IP"], ["127.0.0.1"]),
            (["X-Operator", "X-Role", "X-User", "X-Forwarded-User", "X-Admin"], ["operator", "admin"]),
        ]
        return told.flatMap { names, values in
            names.compactMap { HTTPField.Name($0) }.flatMap { name in values.map { (name: name, value: $0) } }
        }
    }

    @Test("No header turns one of the tenants' routes into an operators' one, or opens an operators' one to a tenant") func overrides()
        async throws
    {
        let site = try await TestSite.shared
        let firm = try await site.firm()
        let client = try await firm.admin()
        let key = site.stranger.bearing(try await Self.key(firm, client))
        let forgeries = Self.forgeries(firm.slug)
        // Signing out would end the test, and the stream of events does not end.
        let tenants = try await Self.routes(site.stranger, "/v1/openapi.json").filter {
            $0.asksWho && $0.path != "/v1/session" && $0.path != EventRoutes.path
        }
        let operators = try await Self.routes(site.operator(), "/operator/v1/openapi.json") + Self.beside
        #expect(forgeries.count > 20 && tenants.count > 100 && operators.count > 15)

        // First what reads, since what writes would change it meanwhile. No call takes a list as its body: hardly any does more than refuse.
        for routes in [tenants.filter { $0.method == .get }, tenants.filter { $0.method != .get }] {
            try await Self.each(of: routes) { route in
                let address = Self.filled(route.path, firm.slug)
                let body: String? = route.method == .get ? nil : "[]"
                let first = try await client.send(route.method, address, body)
                let plain = try await client.send(route.method, address, body)
                for (name, value) in forgeries {
                    let what = "\(route.method) \(route.path) with \(name): \(value)"
                    let dressed = try await client.with(name, value).send(route.method, address, body)
                    #expect(dressed.status == plain.status, "\(what): \(dressed.status)")
                    guard dressed.bytes != plain.bytes else { continue }
                    #expect(dressed.code == plain.code, "\(what)")
                    // An answer that is the same twice is the same with the header; a clock in it may have gone on meanwhile.
                    guard first.bytes == plain.bytes else { continue }
                    let now = try await client.send(route.method, address, body)
                    #expect(dressed.bytes == now.bytes, "\(what)")
                }
            }
        }
        try await Self.each(of: operators) { route in
            let address = Self.filled(route.path, firm.slug)
            for (name, value) in forgeries {
                for (who, client) in [("a session", client), ("a key", key)] {
                    let answer = try await client.with(name, value).send(
                        route.method, address, route.method == .get ? nil : #"{"reason":"mine"}"#)
                    #expect(answer.status == 401, "\(route.method) \(route.path) with \(who) and \(name): \(value): \(answer.status)")
                }
            }
        }
        #expect(try await site.operator().get("/operator/v1/tenants/\(firm.slug)").json["state"] == "active")
    }

    @Test("An operator's token opens none of the tenants' routes") func otherWay() async throws {
        let site = try await TestSite.shared
        let firm = try await site.firm()

        for route in try await Self.routes(site.stranger, "/v1/openapi.json") where !route.path.hasPrefix("/v1/session") {
            if route.path.hasPrefix("/v1/calendar/{") { continue }
            for client in [site.operator(), site.operator().with(.tenant, firm.slug)] {
                let answer = try await client.send(route.method, Self.filled(route.path, firm.slug), route.method == .get ? nil : "{}")
                // Where nobody is asked who he is, the token makes no difference.
                let nobody = try await site.stranger.send(
                    route.method, Self.filled(route.path, firm.slug), route.method == .get ? nil : "{}")
                #expect(answer.status == 401 || answer.status == nobody.status, "\(route.method) \(route.path): \(answer.status)")
            }
        }
    }
}
