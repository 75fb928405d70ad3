import HTTPTypes
import Records
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

    private static func wrong(_ firm: Firm) -> JSON {
        ["tenant": .string(firm.slug), "email": .string(firm.email), "password": "wrong"]
    }
}
