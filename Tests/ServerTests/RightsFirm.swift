import HTTPTypes
import Records
import Support

@testable import Server

/// People with roles of all kinds, made over HTTP as an administrator makes them.
enum RightsFirm {
    struct Member: Sendable {
        let id: String
        let client: Client
    }

    /// Makes a role; answers its id.
    static func role(_ admin: Client, _ rights: JSON, hidden: JSON = [:], readOnly: JSON = [:], adminRights: JSON = [:]) async throws
        -> String
    {
        try await id(
            of: admin.post(
                "/v1/roles",
                [
                    "name": .string("Role \(TestSite.unique())"), "rights": rights, "hidden_fields": hidden, "readonly_fields": readOnly,
                    "admin": adminRights,
                ]))
    }

    /// Makes a user of the role, signed in.
    static func person(_ firm: Firm, _ admin: Client, _ role: String, teams: [String] = []) async throws -> Member {
        let email = "\(TestSite.unique())@\(firm.slug).example"
        let made = try await id(
            of: admin.post(
                "/v1/users",
                [
                    "email": .string(email), "name": .string(email), "role_id": .string(role), "team_ids": JSON(teams),
                    "password": .string(TestSite.password),
                ]))
        return Member(id: made, client: try await firm.signIn(email))
    }

    static func id(of answer: Client.Answer) throws -> String {
        guard answer.status == 201, let id = try answer.json["id"]?.string else { throw Unexpected(answer) }
        return id
    }
}
