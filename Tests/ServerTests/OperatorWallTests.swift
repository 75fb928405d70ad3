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
    }

    /// Every call that both documents name.
    private static func routes(_ client: Client, _ document: String) async throws -> [Route] {
        (try await client.get(document).json["paths"]?.members ?? []).flatMap { path in
            (path.value.members ?? []).compactMap { operation in
                HTTPRequest.Method(operation.name.uppercased()).map { Route(method: $0, path: path.name) }
            }
        }
    }

    private static func filled(_ path: String, _ slug: String) -> String {
        path.replacing("{slug}", with: slug).replacing(/\{\w+\}/, with: "01890000-0000-7000-8000-000000000000")
    }

    @Test("No credential of a tenant, shown in whatever way, opens any of the operators' routes, on either listener")
    func credentials() async throws {
        let shared = try await TestSite.shared
        let apart = try await TestSite.open { $0.operatorPort = 0 }
        // On the tenants' own listener the operators' addresses do not even exist.
        for fronts in [[(shared.front, 401)], [(apart.front, 404), (apart.aside, 401)]] {
            let firm = try await shared.firm()
            let session = try await firm.admin()
            let token = try #require(session.credential).text
            let made = try await session.post("/v1/api_keys", ["name": "k", "role_id": .string(try await firm.roleID("admin"))])
            let key = try #require(try made.json["key"]?.string)
            let calendar = try await session.post("/v1/calendar/token", [:]).json["url"]?.string?.split(separator: "/").last.map(
                String.init)
            let csrf = CSRFToken.of(try #require(session.credential))
            let routes = try await Self.routes(shared.operator(), "/operator/v1/openapi.json")
            #expect(routes.count > 15)

            for (front, expected) in fronts {
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
                for route in routes {
                    let address = Self.filled(route.path, firm.slug)
                    for (what, client) in attempts {
                        let answer = try await client.send(route.method, address, route.method == .get ? nil : #"{"reason":"mine"}"#)
                        #expect(answer.status == expected, "\(route.method) \(route.path) with \(what): \(answer.status)")
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
        let client = try await firm.admin()
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

        for route in operators {
            let address = Self.filled(route.path, firm.slug)
            for spelling in spellings {
                let written = spelling(address)
                let answer = try await client.send(route.method, written, route.method == .get ? nil : #"{"reason":"mine"}"#)
                #expect(refusals.contains(answer.status), "\(route.method) \(written): \(answer.status)")
            }
        }
        #expect(try await site.operator().get("/operator/v1/tenants/\(firm.slug)").json["state"] == "active")
    }

    @Test("No header turns one of the tenants' routes into an operators' one") func overrides() async throws {
        let site = try await TestSite.shared
        let firm = try await site.firm()
        let client = try await firm.admin()
        let target = "/operator/v1/tenants/\(firm.slug)/suspend"
        let names = [
            "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix",
            "X-Forwarded-Host", "X-Forwarded-Uri", "X-Real-IP", "Forwarded", "X-Operator", "X-Role", "X-User", "X-Forwarded-User",
            "X-Admin",
        ]
        let routes = try await Self.routes(site.stranger, "/v1/openapi.json").filter { $0.path != "/v1/session" }
        #expect(routes.count > 100)

        for name in names.compactMap({ HTTPField.Name($0) }) {
            for value in [target, "operator", "POST"] {
                let plain = try await client.get("/v1/contacts?limit=1")
                let dressed = try await client.with(name, value).get("/v1/contacts?limit=1")
                #expect(dressed.status == plain.status && dressed.bytes == plain.bytes, "\(name): \(value)")
                #expect(try await client.with(name, value).post(target, ["reason": "mine"]).status == 401, "\(name): \(value)")
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
