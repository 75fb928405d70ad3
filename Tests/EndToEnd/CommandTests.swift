import Foundation
import Testing

@Suite("The commands of an operator", .serialized, .timeLimit(.minutes(10))) struct CommandTests {
    @Test("From an empty database to a served tenant, as an operator does it in production") func production() async throws {
        let place = try Place()
        let dev = try await Dev(in: place.path)
        // A second installation beside the first, in a database of its own.
        let url = dev.ready.databaseURL.replacing("/tenantry?", with: "/production?")
        let created = try await shell("psql -X -q '\(dev.ready.databaseURL)' -c 'CREATE DATABASE production'")
        try #require(created.status == 0, "\(created.output)")
        let settings = ["--", "database_url=\(url)", "security.scrypt_log_n=10", "secret_key=\(String(repeating: "k", count: 40))"]
        func tenantry(_ words: String...) async throws -> (status: Int32, output: String) { try await Program.run(words + settings) }

        let early = try await tenantry("serve")
        #expect(early.status == 1)
        #expect(early.output.contains("tenantry migrate"))
        #expect(try await tenantry("migrate", "--check").status == 2)
        #expect(try await tenantry("migrate", "--json").status == 0)
        #expect(try await tenantry("migrate", "--check").status == 0)

        let order = [
            "tenant", "create", "north", "--name", "North Ltd", "--admin-email", "n@north.example", "--admin-name", "Nora", "--json",
        ]
        let first = try await Program.run(order + settings)
        #expect(first.status == 0, "\(first.output)")
        let (made, again) = (try object(first.output), try object(try await Program.run(order + settings).output))
        func withoutLink(_ answer: [String: Any]) -> NSDictionary { answer.filter { $0.key != "invitation" } as NSDictionary }
        #expect(withoutLink(again) == withoutLink(made))
        let links = try [made, again].map { try #require(($0["invitation"] as? [String: Any])?["link"] as? String) }
        #expect(links.allSatisfy { $0.contains("/invitation/north_") } && links[0] != links[1])
        let letter = ["mail.transport=file", "mail.directory=\(place.path)/out", "mail.from=crm@example.com"]
        let other = ["tenant", "create", "mailed", "--name", "M", "--admin-email", "m@m.example", "--admin-name", "M", "--json"]
        let mailed = try await Program.run(other + settings + letter)
        #expect((try object(mailed.output)["invitation"] as? [String: Any])?["mailed_to"] as? String == "m@m.example", "\(mailed.output)")
        let conflict = try await tenantry(
            "tenant", "create", "north", "--name", "Other", "--admin-email", "o@o.example", "--admin-name", "O")
        #expect(conflict.status == 1)
        let reserved = try await tenantry("tenant", "create", "www", "--name", "W", "--admin-email", "w@w.example", "--admin-name", "W")
        #expect(reserved.output.contains("reserved"))

        let suspended = try await tenantry("tenant", "suspend", "north", "--reason", "unpaid", "--json")
        #expect(try object(suspended.output)["state"] as? String == "suspended")
        #expect(try await tenantry("tenant", "resume", "north", "--reason", "paid").status == 0)
        let list = try await tenantry("tenant", "list", "--json")
        #expect(list.output.contains("\"slug\":\"north\""))
        #expect(try await tenantry("tenant", "show", "nobody").status == 1)
        #expect(try await tenantry("cell", "list").output.contains("main"))

        // What the SQL has made and what Config/plans.yaml says are the same, so nothing has a second version.
        let plans = try await tenantry("plan", "list", "--json")
        #expect(plans.output.components(separatedBy: "\"version\":1,").count == 5, "\(plans.output)")
        let larger = try await tenantry(
            "tenant", "change-plan", "north", "--plan", "team", "--overrides", #"{"limits":{"users":40}}"#, "--reason", "grown", "--json")
        #expect(larger.output.contains(#""plan":{"name":"team","version":1}"#), "\(larger.output)")
        #expect(try await tenantry("tenant", "change-plan", "north", "--plan", "gold", "--reason", "x").status == 1)
        let recount = try await tenantry("tenant", "recount", "--json")
        #expect(recount.status == 0 && recount.output.contains(#""drift":[]"#), "\(recount.output)")

        let token =
            try object(try await tenantry("operator", "create", "--name", "olga", "--role", "admin", "--json").output)["token"] as? String
        let doctor = try await tenantry("doctor", "--json")
        #expect(doctor.status == 0, "\(doctor.output)")

        let server = try Program(["serve", "--json", "--", "listen=127.0.0.1:0"] + settings.dropFirst())
        let address = try await eventually("serve tells its address") {
            server.output.split(separator: "\n").first { $0.hasPrefix("{\"api\"") }.map(String.init)
        }
        let api = try #require(try object(address)["api"] as? String)
        #expect(try await Client(api, token: token).get("/operator/v1/tenants/north").status == 200)
        #expect(try await Client(api).get("/readyz").status == 200)
        server.send(SIGTERM)
        #expect(await server.end() == 0)

        let gone = try await tenantry("tenant", "delete", "north", "--reason", "test", "--now", "north", "--json")
        #expect(try object(gone.output)["state"] as? String == "deleted")
        #expect(
            try await tenantry("tenant", "create", "north", "--name", "N", "--admin-email", "n@n.example", "--admin-name", "N").status == 1)
        try await dev.stop()
    }

    @Test("After a change of the secret key `secrets rotate` seals tenants' secrets with the new one, and nothing needs the old one")
    func rotation() async throws {
        let place = try Place()
        let dev = try await Dev(in: place.path)
        // A second installation beside the first, in a database of its own.
        let url = dev.ready.databaseURL.replacing("/tenantry?", with: "/rotated?")
        let created = try await shell("psql -X -q '\(dev.ready.databaseURL)' -c 'CREATE DATABASE rotated'")
        try #require(created.status == 0, "\(created.output)")
        let settings = ["--json", "--", "database_url=\(url)", "security.scrypt_log_n=10"]
        let (old, new) = (String(repeating: "o", count: 40), String(repeating: "n", count: 40))
        let (before, after) = (settings + ["secret_key=\(old)"], settings + ["secret_key=\(new)"])
        let between = after + ["secret_key_previous=\(old)"]
        let secret = ["mail": ["smtp": ["host": "smtp.example.com", "username": "acme", "password": "geheim 1"]]]

        let first = try await Program.run(["migrate"] + before)
        #expect(first.status == 0, "\(first.output)")
        let olga = try await Program.run(["operator", "create", "--name", "olga", "--role", "admin"] + before)
        let token = try #require(try object(olga.output)["token"] as? String)
        try await serving(before) { api in
            let made = try await Client(api, token: token).call(
                "PUT", "/operator/v1/tenants/acme",
                [
                    "name": "Acme", "plan": "unlimited", "settings": secret,
                    "admin": ["email": "ada@acme.example", "name": "Ada", "password": Dev.password],
                ])
            #expect(made.status == 201, "\(made)")
        }

        let rotate = ["secrets", "rotate"]
        let early = try await Program.run(rotate + between)
        #expect(early.status == 1 && early.output.contains("tenantry migrate"), "\(early.output)")
        let migrated = try await Program.run(["migrate"] + between)
        #expect(migrated.status == 0, "\(migrated.output)")
        let blind = try await Program.run(rotate + after)
        #expect(try blind.status == 2 && object(blind.output)["lost"] as? [String] == ["acme mail.smtp.password"], "\(blind.output)")
        let rotated = try await Program.run(rotate + between)
        // The password in force, and that of the first version, to which people may go back.
        #expect(try rotated.status == 0 && object(rotated.output)["renewed"] as? Int == 2, "\(rotated.output)")
        let again = try await Program.run(rotate + after)
        #expect(try again.status == 0 && object(again.output)["complete"] as? Bool == true, "\(again.output)")
        #expect(try object(again.output)["renewed"] as? Int == 0)

        try await serving(after) { api in
            let session = try await Client(api).call(
                "POST", "/v1/session", ["tenant": "acme", "email": "ada@acme.example", "password": Dev.password])
            let ada = Client(api, token: try session.text("token"))
            func versions() async throws -> Int? {
                let history = try await ada.get("/v1/settings/history").json()
                return (history["data"] as? [Any])?.count
            }
            // The same password changes nothing: the kept one was opened, and is the same.
            #expect(try await ada.call("PATCH", "/v1/settings", secret).status == 200)
            #expect(try await versions() == 1)
            #expect(try await ada.call("PATCH", "/v1/settings", ["mail": ["smtp": ["password": "geheim 2"]]]).status == 200)
            #expect(try await versions() == 2)
        }
        try await dev.stop()
    }

    /// Runs a server with these settings for the time of `body`, which is told where it answers.
    private func serving(_ settings: [String], _ body: (String) async throws -> Void) async throws {
        let server = try Program(["serve"] + settings + ["listen=127.0.0.1:0"])
        let address = try await eventually("serve tells its address") {
            server.output.split(separator: "\n").first { $0.hasPrefix("{\"api\"") }.map(String.init)
        }
        try await body(try #require(try object(address)["api"] as? String))
        server.send(SIGTERM)
        #expect(await server.end() == 0, "\(server.output)")
    }

    @Test("Wrong settings, a database that is away and wrong usage each have an exit status and a sentence") func statuses() async throws {
        let wrong = try await Program.run(["serve", "--", "pool.conections=3"])
        #expect(wrong.status == 78)
        #expect(wrong.output.contains("Did you mean `pool.connections`?"))
        #expect(try await Program.run(["serve"]).status == 78)
        let away = try await Program.run([
            "tenant", "list", "--json", "--", "database_url=postgresql://x@/x?host=/nowhere", "pool.wait_seconds=1",
        ])
        #expect(away.status == 69, "\(away.output)")
        #expect(away.output.contains("\"error\""))
        #expect(try await Program.run(["tenant", "suspend", "acme"]).status == 64)
    }

    @Test("With --json wrong usage is told as JSON too") func wrongUsageAsJSON() async throws {
        for words in [
            ["tenant", "create", "--json"],
            ["tenant", "create", "acme", "--name", "A", "--admin-email", "x", "--admin-name", "A", "--json"],
            ["operator", "create", "--role", "king", "--json"], ["nonsense", "--json"], ["tenant", "list", "--jsn", "--json"],
        ] {
            let answer = try await Program.run(words)
            #expect(answer.status == 64)
            let error = try #require(try object(answer.output)["error"] as? [String: Any], "\(answer.output)")
            #expect(error["status"] as? Int == 64)
            let message = try #require(error["message"] as? String)
            #expect(!message.isEmpty && !message.hasPrefix("Error") && !message.contains("Usage:"), "\(message)")
        }
        #expect(try await Program.run(["tenant", "create", "--json", "--help"]).output.contains("OVERVIEW"))
        // Behind `--` it is a setting, and a wrong one.
        #expect(!(try await Program.run(["tenant", "list", "--", "--json"])).output.hasPrefix("{"))
    }

    @Test("A tenant made at the terminal gets the plan that dev gives") func plan() async throws {
        let place = try Place()
        let dev = try await Dev(in: place.path)
        func create(_ slug: String, _ more: String...) async throws -> String? {
            let order = [
                "tenant", "create", slug, "--name", slug, "--admin-email", "n@n.example", "--admin-name", "Nora", "--json", "--",
                "database_url=\(dev.ready.databaseURL)",
            ]
            let made = try await Program.run(order + more)
            return (try object(made.output)["plan"] as? [String: Any])?["name"] as? String
        }

        #expect(try await create("north") == "unlimited")
        #expect(try await create("south", "tenants.default_plan=team") == "team")
        try await dev.stop()
    }

    @Test("config tells where each value comes from and keeps secrets") func config() async throws {
        let answer = try await Program.run(
            ["config", "--json", "--", "secret_key=\(String(repeating: "s3cret", count: 8))"],
            environment: ["TENANTRY_POOL_CONNECTIONS": "7"])

        #expect(answer.status == 0)
        #expect(!answer.output.contains("s3cret"))
        let pool = try object(answer.output)["pool.connections"] as? [String: Any]
        #expect(pool?["value"] as? String == "7")
        #expect(pool?["from"] as? String == "TENANTRY_POOL_CONNECTIONS")
    }

    @Test("The tables of the settings come as Markdown, and as JSON that holds it", arguments: ["--reference", "--tenant-reference"])
    func reference(flag: String) async throws {
        let text = try await Program.run(["config", flag])
        let json = try await Program.run(["config", flag, "--json"])

        #expect(text.status == 0 && json.status == 0)
        #expect(text.output.hasPrefix("|"))
        let told = try object(json.output)
        #expect(told.keys.sorted() == ["reference"] && told["reference"] as? String == String(text.output.dropLast()))
    }

    @Test("`migrate` ends with status 2 when a tenant could not be migrated, and with 0 after mending") func partly() async throws {
        let place = try Place()
        let dev = try await Dev(in: place.path)
        let broken = try await dev.tenant("broken")
        let fine = try await dev.tenant("fine")
        func migrate(_ words: String...) async throws -> (status: Int32, told: [String: Any]) {
            let answer = try await Program.run(["migrate"] + words + ["--json", "--", "database_url=\(dev.ready.databaseURL)"])
            // Log lines are JSON too, and come before.
            return (answer.status, try object(answer.output.split(separator: "\n").last { $0.hasPrefix("{") }.map(String.init) ?? ""))
        }
        func psql(_ statement: String) async throws {
            let done = try await shell("psql -X -q -v ON_ERROR_STOP=1 '\(dev.ready.databaseURL)' -c \"\(statement)\"")
            try #require(done.status == 0, "\(done.output)")
        }
        let id = "(SELECT id FROM control.tenants WHERE slug = 'broken')"
        // A file that has run is to run once more, which it cannot.
        try await psql("DELETE FROM cell.tenant_migrations WHERE number = 2 AND tenant_id = \(id)")
        try await psql("UPDATE control.tenants SET schema_version = 1 WHERE slug = 'broken'")

        #expect(try await migrate("--check").status == 2)
        let partly = try await migrate()
        #expect(partly.status == 2 && partly.told["up_to_date"] as? Bool == false)
        let failed = partly.told["failed"] as? [[String: Any]] ?? []
        #expect(failed.map { $0["name"] as? String } == ["broken"], "\(partly.told)")
        #expect((failed.first?["reason"] as? String)?.contains("0002-settings-history") == true, "\(partly.told)")
        _ = try await eventually("the running server closes it") { try await broken.get("/v1/contacts").status == 503 ? true : nil }
        #expect(try await fine.get("/v1/contacts").status == 200)

        try await psql(
            "INSERT INTO cell.tenant_migrations (tenant_id, number, name) SELECT \(id), 2, '0002-settings-history'")
        let mended = try await migrate()
        #expect(mended.status == 0 && mended.told["up_to_date"] as? Bool == true, "\(mended.told)")
        _ = try await eventually("it is open again") { try await broken.get("/v1/contacts").status == 200 ? true : nil }
        try await dev.stop()
    }

    @Test(
        "Each command explains itself",
        arguments: [
            ["dev"], ["serve"], ["migrate"], ["tenant"], ["tenant", "create"], ["tenant", "delete"], ["cell", "add"],
            ["operator", "create"], ["secrets", "rotate"],
            ["doctor"], ["config"], ["version"],
        ])
    func help(words: [String]) async throws {
        let answer = try await Program.run(words + ["--help"])

        #expect(answer.status == 0)
        #expect(answer.output.contains("OVERVIEW"))
        #expect(answer.output.contains("--json") || words == ["tenant"])
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
    }

    private func shell(_ command: String) async throws -> (status: Int32, output: String) {
        try await Program.run(["-c", command], executable: "/bin/sh")
    }
}
