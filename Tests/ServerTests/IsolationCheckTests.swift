import HTTPTypes
import Records
import Support
import Testing

@testable import Server

@Suite("The isolation check", .serialized) struct IsolationCheckTests {
    @Test("It tries every route with another tenant's ids and finds no way through") func whole() async throws {
        let site = try await TestSite.shared
        let routes = try await site.stranger.get("/v1/openapi.json").json["paths"]?.members ?? []

        let answer = try await site.operator(.viewer).get("/operator/v1/isolation-check")

        #expect(answer.status == 200)
        #expect(try answer.json["failures"] == [], "\(answer.text.prefix(3000))")
        let count = try answer.json["routes"]?.integer ?? 0
        #expect(count > routes.count)
        #expect(try answer.json["probed"]?.integer ?? 0 > count)
    }

    @Test("A route that answers a stranger's id, or tells it from one that never existed, is reported") func leak() async throws {
        let site = try await TestSite.shared
        let open = Endpoint.person(.get, "/v1/leaks/{id}", Operation("leaks.get", "A leak", tag: "Leaks", responses: [:])) { call, _ in
            .json(["id": .string(call.parameters["id"])])
        }
        let telling = Endpoint.person(
            .delete, "/v1/hints/{id}", Operation("hints.delete", "A hint", tag: "Leaks", responses: [:])
        ) { call, _ in
            throw Problem(.notFound, call.parameters["id"] == ProbeThings.never ? "There is nothing." : "This is not yours.")
        }
        let figures = RouteFigures()
        let endpoints = Site(site.house).main(figures) + [open, telling]

        let report = try await IsolationProbe(endpoints, Front(endpoints, site.house, figures: figures), site.installation).run()

        let leaks = report.failures.filter { $0.path.hasPrefix("/v1/leaks/") }
        #expect(!leaks.isEmpty && leaks.allSatisfy { $0.status == 200 && $0.method == "GET" })
        #expect(report.failures.contains { $0.path.hasPrefix("/v1/hints/") && $0.status == 404 })
        #expect(Set(report.failures.map { $0.path.split(separator: "/")[1] }) == ["leaks", "hints"])
    }
}
