import Foundation
import Records
import Support
import Testing

@testable import Server

/// People who come, go and sign in at random while the plan has sometimes more seats for them and sometimes fewer, held against a model that
/// is nothing but a list.
struct SeatWalk {
    private let firm: LimitedFirm
    private let roles: [Bool: String]
    /// Where all of them sign in.
    private let door: Client
    private var random: SplitMix64
    /// In the order in which they came; the first runs the walk.
    private var people: [Person]
    /// The most there may be; nil for any number.
    private var limit: Int?
    /// Sessions that the model has seen ending.
    private var ended: [Client] = []
    /// What was done, for whoever has to understand a failure.
    private var log: [String] = []

    private struct Person {
        let id: String
        let email: String
        let createdAt: String
        var status: String
        var isAdmin: Bool
        var isTrashed = false
        /// What shows that he has signed in, until that ends.
        var session: Client?

        /// Whether he takes a place of the plan's.
        var counts: Bool { !isTrashed && status != "disabled" }
        /// Whether he signs in if there is a seat.
        var isActive: Bool { !isTrashed && status == "active" }
    }

    init(_ firm: LimitedFirm, seed: UInt64) async throws {
        self.firm = firm
        random = SplitMix64(seed: seed)
        roles = [true: try await firm.firm.roleID("admin"), false: try await firm.firm.roleID("member")]
        door = firm.firm.site.stranger.from("2001:db8:\(Int.random(in: 1...9999)):\(Int.random(in: 1...9999))::1")
        let id = try await firm.firm.userID(firm.firm.email)
        let createdAt = try await firm.admin.get("/v1/users/\(id)").json["created_at"]?.string
        people = [
            Person(
                id: id, email: firm.firm.email, createdAt: createdAt ?? "", status: "active", isAdmin: true, session: firm.admin)
        ]
    }

    mutating func step() async throws {
        switch Int.random(in: 0..<12, using: &random) {
        case 0...2: try await hire()
        case 3: try await dismiss()
        case 4: try await reinstate()
        case 5: try await trash()
        case 6: try await restore()
        case 7: try await changeRole()
        case 8: try await lockOut()
        default:
            if let place = one(\.isActive) { try await enter(place) }
        }
        try await compare()
    }

    /// From now on the plan has so many seats: whoever has none is signed out, and the first administrator gets in whatever it says.
    mutating func allowed(_ most: Int?) async throws {
        limit = most
        log.append("limit \(most.map(String.init) ?? "none")")
        let seated = seated
        for place in people.indices where !seated.contains(people[place].id) { end(place) }
        _ = try await firm.firm.signIn(firm.firm.email)
        try await compare()
    }

    /// With room for everyone each is what he was and signs in again; what has ended stays so.
    mutating func end() async throws {
        try await allowed(nil)
        for place in people.indices.dropFirst() where people[place].isActive { try await enter(place) }
        try await compare()
        for session in ended { try await eventually { try await session.get("/v1/session").status == 401 } }
    }

    private var used: Int { people.count { $0.counts } }

    /// What one more would be told.
    private var refusal: LimitRefusal? {
        limit.flatMap { used >= $0 ? LimitRefusal($0, used, "users") : nil }
    }

    /// Those for whom there is a seat: active administrators first, then whoever has been there longest.
    private var seated: Set<String> {
        let line = people.filter(\.counts).sorted { one, other in
            let (first, second) = (one.isActive && one.isAdmin ? 0 : 1, other.isActive && other.isAdmin ? 0 : 1)
            return (first, one.createdAt, one.id) < (second, other.createdAt, other.id)
        }
        return Set(line.prefix(limit ?? line.count).map(\.id))
    }

    /// Somebody of whom this is so, but for the first.
    private mutating func one(_ condition: (Person) -> Bool) -> Int? {
        people.indices.dropFirst().filter { condition(people[$0]) }.randomElement(using: &random)
    }

    private mutating func hire() async throws {
        let isAdmin = Int.random(in: 0..<4, using: &random) == 0
        let isInvited = Int.random(in: 0..<4, using: &random) == 0
        let email = "walker-\(log.count)@\(firm.firm.slug).example"
        var body: [JSON.Member] = [
            .init("email", .string(email)), .init("name", "Walker"), .init("role_id", .string(roles[isAdmin] ?? "")),
        ]
        if !isInvited { body.append(.init("password", .string(TestSite.password))) }
        let answer = try await firm.admin.post("/v1/users", .object(body))
        note("hire", answer, refusal, otherwise: 201)
        guard answer.status == 201, let id = try answer.json["id"]?.string, let time = try answer.json["created_at"]?.string else { return }
        people.append(
            Person(id: id, email: email, createdAt: time, status: isInvited ? "invited" : "active", isAdmin: isAdmin))
    }

    private mutating func dismiss() async throws {
        guard let place = one(\.counts) else { return }
        note("dismiss", try await patch(place, ["status": "disabled"]), nil, otherwise: 200)
        people[place].status = "disabled"
        end(place)
    }

    private mutating func reinstate() async throws {
        guard let place = one({ !$0.isTrashed && $0.status == "disabled" }) else { return }
        let answer = try await patch(place, ["status": "active", "password": .string(TestSite.password)])
        note("reinstate", answer, refusal, otherwise: 200)
        if answer.status == 200 { people[place].status = "active" }
    }

    private mutating func trash() async throws {
        guard let place = one({ !$0.isTrashed }) else { return }
        note("trash", try await firm.admin.delete("/v1/users/\(people[place].id)"), nil, otherwise: 204)
        people[place].isTrashed = true
        end(place)
    }

    private mutating func restore() async throws {
        guard let place = one(\.isTrashed) else { return }
        let expected = people[place].status == "disabled" ? nil : refusal
        let answer = try await firm.admin.send(.post, "/v1/users/\(people[place].id)/restore")
        note("restore", answer, expected, otherwise: 200)
        if answer.status == 200 { people[place].isTrashed = false }
    }

    private mutating func changeRole() async throws {
        guard let place = one({ !$0.isTrashed }) else { return }
        let isAdmin = !people[place].isAdmin
        note("role \(isAdmin)", try await patch(place, ["role_id": .string(roles[isAdmin] ?? "")]), nil, otherwise: 200)
        people[place].isAdmin = isAdmin
    }

    /// Where the first is the only administrator, nothing takes that from him.
    private mutating func lockOut() async throws {
        guard !people.dropFirst().contains(where: { $0.isActive && $0.isAdmin }) else { return }
        let answers = [
            try await patch(0, ["status": "disabled"]), try await patch(0, ["role_id": .string(roles[false] ?? "")]),
            try await firm.admin.delete("/v1/users/\(people[0].id)"),
        ]
        log.append("lock out: \(answers.map(\.status))")
        #expect(answers.allSatisfy { $0.status == 409 }, "\(log.suffix(12))")
    }

    private mutating func enter(_ place: Int) async throws {
        let expected = limit.flatMap { seated.contains(people[place].id) ? nil : LimitRefusal($0, used, "users") }
        let answer = try await door.post(
            "/v1/session",
            ["tenant": .string(firm.firm.slug), "email": .string(people[place].email), "password": .string(TestSite.password)])
        note("enter", answer, expected, otherwise: 201)
        if let token = try answer.json["token"]?.string { people[place].session = firm.firm.site.stranger.bearing(token) }
    }

    private func patch(_ place: Int, _ body: JSON) async throws -> Client.Answer {
        try await firm.admin.patch("/v1/users/\(people[place].id)", body)
    }

    private mutating func end(_ place: Int) {
        if let session = people[place].session { ended.append(session) }
        people[place].session = nil
    }

    private mutating func note(_ what: String, _ answer: Client.Answer, _ expected: LimitRefusal?, otherwise status: Int) {
        log.append("\(what): \(answer.status)")
        #expect(LimitRefusal(answer) == expected, "\(log.suffix(12)) \(answer.text)")
        if expected == nil { #expect(answer.status == status, "\(log.suffix(12)) \(answer.text)") }
    }

    /// What the server has is what the model says: the plan has deleted, disabled or demoted nobody, and who has signed in and has a seat is in.
    private func compare() async throws {
        let rows = try await firm.firm.scope().rows(
            """
            SELECT concat_ws(' ', users.id, users.status, roles.key, users.deleted_at IS NOT NULL)
            FROM users JOIN roles ON roles.id = users.role_id
            """
        ).map { try $0.text(0) }
        let expected = people.map { "\($0.id) \($0.status) \($0.isAdmin ? "admin" : "member") \($0.isTrashed ? "t" : "f")" }
        #expect(Set(rows) == Set(expected), "\(log.suffix(12))")
        #expect(try await firm.used("users") == used, "\(log.suffix(12))")
        let seated = seated
        for person in people {
            guard let session = person.session else { continue }
            let wanted = person.isActive && seated.contains(person.id) ? 200 : 401
            var status = 0
            try await eventually {
                status = try await session.get("/v1/session").status
                return status == wanted
            }
            #expect(status == wanted, "\(person.email) \(log.suffix(12))")
        }
    }
}
