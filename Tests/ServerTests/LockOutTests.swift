import HTTPTypes
import Records
import Secrets
import Synchronization
import Testing

@testable import Server

@Suite("Guessing passwords") struct LockOutTests {
    @Test("After ten failures of an account the right password waits too") func account() async throws {
        let firm = try await TestSite.shared.firm()
        let address = firm.site.stranger.from("2001:db8:\(TestSite.unique().prefix(4))::1")

        for _ in 0..<10 {
            #expect(try await address.post("/v1/session", Self.wrong(firm)).status == 401)
        }
        let locked = try await address.post("/v1/session", firm.signInBody)
        let elsewhere = try await firm.site.stranger.from("198.51.100.7").post("/v1/session", firm.signInBody)

        for answer in [locked, elsewhere] {
            #expect(answer.status == 429)
            #expect(answer.code == "rate_limited")
            let wait = try #require(answer.headers[.retryAfter].flatMap { Int($0) })
            #expect((1...900).contains(wait))
        }
    }

    @Test("Accounts that do not exist are locked in the same way") func unknownAccount() async throws {
        let firm = try await TestSite.shared.firm()
        let client = firm.site.stranger.from("2001:db8:\(TestSite.unique().prefix(4))::1")
        let body: JSON = ["tenant": .string(firm.slug), "email": "nobody@example.com", "password": "wrong"]

        var statuses: [Int] = []
        for _ in 0..<11 { statuses.append(try await client.post("/v1/session", body).status) }

        #expect(statuses == Array(repeating: 401, count: 10) + [429])
    }

    @Test("After fifty failures an address waits, whatever the account") func address() async throws {
        let firm = try await TestSite.shared.firm()
        let network = "2001:db8:\(TestSite.unique().prefix(4)):1"

        for number in 0..<50 {
            let body: JSON = ["tenant": .string(firm.slug), "email": .string("guess\(number)@example.com"), "password": "wrong"]
            #expect(try await firm.site.stranger.from("\(network)::\(number + 1)").post("/v1/session", body).status == 401)
        }

        #expect(try await firm.site.stranger.from("\(network)::ffff").post("/v1/session", firm.signInBody).status == 429)
        #expect(try await firm.site.stranger.from("203.0.113.9").post("/v1/session", firm.signInBody).status == 201)
    }

    @Test("Sixty-four guesses at once learn no more than ten") func atOnce() async throws {
        let firm = try await TestSite.shared.firm()
        let client = firm.site.stranger.from("2001:db8:\(TestSite.unique().prefix(4))::1")

        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<64 { group.addTask { try await client.post("/v1/session", Self.wrong(firm)).status } }
            return try await group.reduce(into: []) { $0.append($1) }
        }

        #expect(statuses.count { $0 == 401 } == 10)
        #expect(statuses.count { $0 == 429 } == 54)
    }

    @Test("The right password makes the account begin anew") func forgiveness() async throws {
        let firm = try await TestSite.shared.firm()
        let client = firm.site.stranger.from("2001:db8:\(TestSite.unique().prefix(4))::1")

        for _ in 0..<3 {
            for _ in 0..<9 { #expect(try await client.post("/v1/session", Self.wrong(firm)).status == 401) }
            #expect(try await client.post("/v1/session", firm.signInBody).status == 201)
        }
    }

    @Test("Guessing the current password of a stolen session is counted too") func stolenSession() async throws {
        let firm = try await TestSite.shared.firm()
        let client = try await firm.admin().from("2001:db8:\(TestSite.unique().prefix(4))::1")

        var statuses: [Int] = []
        for _ in 0..<11 {
            let body: JSON = ["current": "wrong", "new": "a much better pass phrase"]
            statuses.append(try await client.put("/v1/session/password", body).status)
        }

        #expect(statuses == Array(repeating: 422, count: 10) + [429])
    }

    @Test("Whatever is wrong with a sign-in, it costs the same work: one derivation at the cost of a real one; none once locked out")
    func work() async throws {
        let firm = try await TestSite.shared.firm()
        let client = firm.site.stranger.from("2001:db8:\(TestSite.unique().prefix(4))::1")
        let (disabled, invited, removed) = (try await firm.user("member"), try await firm.user("member"), try await firm.user("member"))
        _ = try await firm.scope().run([
            "UPDATE users SET status = 'disabled' WHERE email = \(disabled)",
            "UPDATE users SET status = 'invited', password_hash = NULL WHERE email = \(invited)",
            "UPDATE users SET deleted_at = now() WHERE email = \(removed)",
        ])
        func costs(_ slug: String, _ email: String, _ password: String, status: Int) async throws -> [ScryptCost] {
            let witness = Witness()
            let body: JSON = ["tenant": .string(slug), "email": .string(email), "password": .string(password)]
            let answer = try await PasswordHash.$witness.withValue({ witness.add($0) }) { try await client.post("/v1/session", body) }
            #expect(answer.status == status, "\(slug), \(email): \(answer.text)")
            return witness.costs
        }

        let stranger = "nobody@\(firm.slug).example"
        for (what, slug, email, password, status) in [
            ("the right password", firm.slug, firm.email, TestSite.password, 201),
            ("a wrong password", firm.slug, firm.email, "wrong", 401),
            ("no such tenant", "no-such-\(firm.slug)", firm.email, TestSite.password, 401),
            ("no tenant's name", "Ä", firm.email, TestSite.password, 401), ("no such user", firm.slug, stranger, TestSite.password, 401),
            ("a disabled user", firm.slug, disabled, TestSite.password, 401),
            ("a disabled user, wrong", firm.slug, disabled, "wrong", 401),
            ("a user without a password", firm.slug, invited, TestSite.password, 401),
            ("a user in the trash", firm.slug, removed, TestSite.password, 401),
        ] {
            #expect(try await costs(slug, email, password, status: status) == [.trivial], "\(what)")
        }
        let locked = firm.site.stranger.from("2001:db8:\(TestSite.unique().prefix(4))::1")
        for email in [firm.email, stranger] {
            let guess: JSON = ["tenant": .string(firm.slug), "email": .string(email), "password": "wrong"]
            while try await locked.post("/v1/session", guess).status == 401 {}
            #expect(try await costs(firm.slug, email, TestSite.password, status: 429) == [])
        }
    }

    private static func wrong(_ firm: Firm) -> JSON {
        ["tenant": .string(firm.slug), "email": .string(firm.email), "password": "wrong"]
    }
}

/// Notes what each derivation cost.
private final class Witness: Sendable {
    private let kept = Mutex<[ScryptCost]>([])

    var costs: [ScryptCost] { kept.withLock { $0 } }

    func add(_ cost: ScryptCost) { kept.withLock { $0.append(cost) } }
}
