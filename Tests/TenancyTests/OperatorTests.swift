import Foundation
import Postgres
import Secrets
import Testing

@testable import Tenancy

@Suite struct OperatorTests {
    @Test("An operator is known by the token that was shown once, until it is revoked") func tokens() async throws {
        try await withInstallation { installation in
            let operators = installation.operators
            let (made, token) = try await operators.create(name: "ops", role: .support, by: .test)

            let found = try #require(try await operators.holder(of: token))
            #expect(found.id == made.id)
            #expect(found.role == .support)
            #expect(found.actor == "operator:ops")
            #expect(try await operators.holder(of: Credential.mint(.operator)) == nil)
            #expect(try await operators.holder(of: Credential.mint(.session, slug: "acme")) == nil)
            await #expect(throws: TenancyError.operatorNameTaken("ops")) {
                _ = try await operators.create(name: "ops", role: .admin, by: .test)
            }

            let elsewhere = testInstallation(installation.settings)
            #expect(try await elsewhere.operators.holder(of: token) != nil)
            try await operators.revoke(name: "ops", by: .test)
            #expect(try await operators.holder(of: token) == nil)
            try await wait(upTo: .seconds(10)) { try await elsewhere.operators.holder(of: token) == nil }
            await elsewhere.close()
            // Whoever was killed before the answer says it again: the access has ended, once.
            try await operators.revoke(name: "ops", by: .test)
            await #expect(throws: TenancyError.unknownOperator("nobody")) { try await operators.revoke(name: "nobody", by: .test) }
            #expect(try await installation.control.rows("SELECT 1 FROM audit WHERE action = 'revoke_operator'").count == 1)
            #expect(try await operators.all().count == 1)
            #expect(try await operators.all().first?.lastUsedAt != nil)
        }
    }

    @Test("Roles are ordered: each may do what the one before may") func roles() {
        #expect(Operator.Role.viewer < .support)
        #expect(Operator.Role.support < .admin)
    }

    @Test("The stored token is a fingerprint of it") func storage() async throws {
        try await withInstallation { installation in
            let (_, token) = try await installation.operators.create(name: "ops", role: .admin, by: .test)
            #expect(try await installation.control.rows("SELECT token_hash FROM operators")[0].bytes(0) == Digest.sha256(token.text))
        }
    }
}

@Suite struct SignInLimitTests {
    @Test("After ten failures of an account nobody tries it for a quarter of an hour, from wherever") func account() async throws {
        try await withInstallation { installation in
            let limit = installation.signIns
            for number in 0..<10 {
                let attempt = try await limit.attempt(slug: "acme", email: "Ada@acme.example", address: "10.0.0.\(number)")
                #expect(try await limit.wait(attempt) == nil)
                #expect(try await limit.failed(attempt) == nil)
            }
            let attempt = try await limit.attempt(slug: "acme", email: "ada@ACME.example", address: "10.9.9.9")
            let wait = try #require(try await limit.wait(attempt))
            #expect(wait > .seconds(890) && wait <= .seconds(900))
            #expect(try await limit.succeeded(attempt) != nil)
            #expect(try await limit.failed(attempt) != nil)
            for (slug, email) in [("other", "ada@acme.example"), ("acme", "bob@acme.example")] {
                let stranger = try await limit.attempt(slug: slug, email: email, address: "10.9.9.9")
                #expect(try await limit.wait(stranger) == nil)
            }
        }
    }

    @Test("After fifty failures from an address nobody tries from there") func address() async throws {
        try await withInstallation { installation in
            let limit = installation.signIns
            for number in 0..<50 {
                let attempt = try await limit.attempt(slug: "acme", email: "user\(number)@acme.example", address: "10.0.0.1")
                #expect(try await limit.failed(attempt) == nil)
            }
            #expect(try await limit.wait(limit.attempt(slug: "acme", email: "new@acme.example", address: "10.0.0.1")) != nil)
            #expect(try await limit.wait(limit.attempt(slug: "acme", email: "new@acme.example", address: "10.0.0.2")) == nil)
        }
    }

    @Test("Success forgets the account's failures") func success() async throws {
        try await withInstallation { installation in
            let limit = installation.signIns
            let attempt = try await limit.attempt(slug: "acme", email: "ada@acme.example", address: "10.0.0.1")
            for _ in 0..<9 { #expect(try await limit.failed(attempt) == nil) }
            #expect(try await limit.succeeded(attempt) == nil)
            for _ in 0..<9 { #expect(try await limit.failed(attempt) == nil) }
            #expect(try await limit.wait(attempt) == nil)
        }
    }

    @Test("Sixty-four guesses at once learn no more than ten answers") func parallel() async throws {
        try await withInstallation { installation in
            let limit = installation.signIns
            let attempt = try await limit.attempt(slug: "acme", email: "ada@acme.example", address: "10.0.0.1")
            let answers = try await withThrowingTaskGroup(of: Duration?.self) { group in
                for _ in 0..<64 { group.addTask { try await limit.failed(attempt) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count { $0 == nil } == 10)
        }
    }

    @Test("A failure is forgotten after fifteen minutes") func forgetting() async throws {
        try await withInstallation { installation in
            let limit = installation.signIns
            let attempt = try await limit.attempt(slug: "acme", email: "ada@acme.example", address: "10.0.0.1")
            for _ in 0..<10 { _ = try await limit.failed(attempt) }
            _ = try await installation.control.run(["UPDATE sign_in_failures SET at = at - interval '15 minutes'"])
            #expect(try await limit.wait(attempt) == nil)
            _ = try await installation.control.run(["UPDATE sign_in_failures SET at = at - interval '1 hour'"])
            _ = try await limit.failed(attempt)
            #expect(try await installation.control.rows("SELECT 1 FROM sign_in_failures").count == 1)
        }
    }
}
