import Foundation
import Testing

@Suite("tenantry dev", .serialized, .timeLimit(.minutes(10))) struct DevTests {
    @Test("The first start makes everything, the second finds it again, and both end in order") func startAndResume() async throws {
        let place = try Place()
        let first = try await Dev(in: place.path, ["--demo"])
        let acme = try #require(first.ready.tenants.first)
        #expect(first.ready.tenants.count == 1)
        #expect(first.ready.mailFolder == "\(place.path)/mail")
        #expect(first.ready.operatorAPI == first.ready.api)
        let mode = try FileManager.default.attributesOfItem(atPath: "\(place.path)-ready.json")[.posixPermissions] as? Int
        #expect(mode == 0o600)

        let anna = try await first.signedIn(acme.slug, acme.email, acme.password)
        let contacts = try await anna.get("/v1/contacts?limit=1&count=exact")
        #expect((try contacts.json()["page"] as? [String: Any])?["count"] as? Int == 2_000)
        let companies = try await anna.get("/v1/companies?limit=1&count=exact")
        #expect((try companies.json()["page"] as? [String: Any])?["count"] as? Int == 300)
        let made = try await anna.call("POST", "/v1/contacts", ["last_name": "Kept over a restart"])
        #expect(made.status == 201)
        let localMail = try await anna.call("PATCH", "/v1/settings", ["mail": ["smtp": ["host": "127.0.0.1", "port": 1025]]])
        #expect(localMail.status == 200, "In `dev` a mail server of one's own machine will do. \(localMail)")

        let another = try await Program.run(["dev", "--data", place.path, "--port", "0"])
        #expect(another.status == 1)
        #expect(another.output.contains("Another `tenantry dev` uses \(place.path)"))

        #expect(try await first.stop() < .seconds(25))
        let second = try await Dev(in: place.path, ["--demo"])
        #expect(second.ready.operatorToken == first.ready.operatorToken)
        #expect(second.ready.tenants == first.ready.tenants)
        let again = try await second.signedIn(acme.slug, acme.email, acme.password)
        let kept = try await again.get("/v1/contacts/\(try #require(try made.text("id")))")
        #expect(try kept.text("last_name") == "Kept over a restart")
        #expect(try await second.stop(SIGINT) < .seconds(25))
    }

    @Test("A stop before it is ready is a stop in order as well") func earlyStop() async throws {
        let place = try Place()
        let program = try Program(["dev", "--data", place.path, "--port", "0", "--no-demo"])
        // Its PostgreSQL is being made.
        _ = try await eventually("initdb has begun") {
            FileManager.default.fileExists(atPath: "\(place.path)/postgres/data.new") ? true : nil
        }

        program.send(SIGTERM)

        #expect(await program.end() == 0, "\(program.output)")
        let dev = try await Dev(in: place.path)
        #expect(try await dev.operators.get("/operator/v1/tenants").status == 200)
        try await dev.stop()
    }

    @Test("A taken port is named, and nothing is left running") func takenPort() async throws {
        let (place, other) = (try Place(), try Place())
        let dev = try await Dev(in: place.path)
        let port = try #require(dev.ready.api.split(separator: ":").last)

        let second = try await Program.run(["dev", "--data", other.path, "--no-demo", "--port", String(port)])

        #expect(second.status == 1)
        #expect(second.output.contains("The address 127.0.0.1:\(port) is taken"))
        #expect(!FileManager.default.fileExists(atPath: "\(other.path)/postgres/data/postmaster.pid"))
        try await dev.stop()
    }

    @Test("It listens where --host says, and nowhere else") func host() async throws {
        let place = try Place()
        let dev = try await Dev(in: place.path, ["--no-demo", "--host", "127.0.0.2"])

        #expect(dev.ready.api.hasPrefix("http://127.0.0.2:"), "\(dev.ready.api)")
        #expect(try await Client(dev.ready.api).get("/healthz").status == 200)
        let elsewhere = Client(dev.ready.api.replacing("127.0.0.2", with: "127.0.0.1"))
        await #expect(throws: (any Error).self) { try await elsewhere.get("/healthz") }
        try await dev.stop()
    }

    @Test("With a listener of their own, operators are not found on the people's") func twoListeners() async throws {
        let place = try Place()
        let dev = try await Dev(in: place.path, settings: ["operator_listen=127.0.0.1:0"])

        #expect(dev.ready.operatorAPI != dev.ready.api)
        #expect(try await dev.operators.get("/operator/v1/tenants").status == 200)
        #expect(try await Client(dev.ready.api, token: dev.ready.operatorToken).get("/operator/v1/tenants").status == 404)
        #expect(try await Client(dev.ready.operatorAPI).get("/metrics").status == 200)
        #expect(try await Client(dev.ready.operatorAPI).get("/v1/contacts").status == 404)
        try await dev.stop()
    }
}
