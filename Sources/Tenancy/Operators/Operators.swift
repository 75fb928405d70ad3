import Foundation
import Postgres
import Secrets
import Synchronization

/// Someone who looks after the installation; belongs to no tenant.
package struct Operator: Sendable, Hashable {
    /// Each may do what the one before may.
    package enum Role: String, Sendable, CaseIterable, Comparable {
        case viewer, support, admin

        package static func < (left: Role, right: Role) -> Bool { left.rank < right.rank }
        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    package let id: UUID
    package let name: String
    package let role: Role
    package let createdAt: Date
    package let lastUsedAt: Date?
    package let revokedAt: Date?

    /// As the audit names whoever did something.
    package var actor: String { "operator:\(name)" }

    static let columns: SQL = "id, name, role, created_at, last_used_at, revoked_at"

    init(_ row: Row) throws(PostgresError) {
        id = try row.uuid(0)
        name = try row.text(1)
        let word = try row.text(2)
        guard let role = Role(rawValue: word) else { throw .unexpected("An operator has the unknown role \"\(word)\".") }
        self.role = role
        createdAt = try row.date(3)
        lastUsedAt = try row.optionalDate(4)
        revokedAt = try row.optionalDate(5)
    }
}

/// The operators of this installation and their tokens, of which only the SHA-256 is kept.
package final class Operators: Sendable {
    private let control: Control
    private let recent = Mutex(Recent())

    private typealias Recent = [[UInt8]: (holder: Operator?, until: ContinuousClock.Instant)]

    init(control: Control) {
        self.control = control
    }

    /// A new operator; the token is answered once and never again. Throws `.operatorNameTaken`.
    package func create(name: String, role: Operator.Role, by instruction: Instruction) async throws -> (
        operator: Operator, token: Credential
    ) {
        let token = Credential.mint(.operator)
        do {
            let answers = try await control.run([
                """
                INSERT INTO operators (id, name, role, token_hash) VALUES (\(UUID.v7()), \(name), \(role.rawValue), \(SQLValue.bytes(token.hash)))
                RETURNING \(Operator.columns)
                """,
                "SELECT append_audit(\(instruction.actor), 'create_operator', \(name), \(instruction.reason), \(instruction.requestID))",
            ])
            guard let row = answers[0].first else { throw PostgresError.unexpected("The new operator is missing from the answer.") }
            return (try Operator(row), token)
        } catch let error as PostgresError where error.refusal?.constraint == "operators_name_unique" {
            throw TenancyError.operatorNameTaken(name)
        }
    }

    /// Ends an operator's access within a second; one that has ended stays as it is. Throws `.unknownOperator`.
    package func revoke(name: String, by instruction: Instruction) async throws {
        let answers = try await control.run([
            "SELECT 1 FROM operators WHERE name = \(name)",
            """
            WITH ended AS (UPDATE operators SET revoked_at = now() WHERE name = \(name) AND revoked_at IS NULL RETURNING name)
            SELECT append_audit(\(instruction.actor), 'revoke_operator', name, \(instruction.reason), \(instruction.requestID)) FROM ended
            """,
        ])
        recent.withLock { $0 = [:] }
        if answers[0].isEmpty { throw TenancyError.unknownOperator(name) }
    }

    /// Everyone who has or had access, the oldest first.
    package func all() async throws -> [Operator] {
        try await control.rows("SELECT \(Operator.columns) FROM operators ORDER BY created_at, id").map(Operator.init)
    }

    /// Whose token this is; nil for nobody's. Remembered for a second at most, so a revoked token is refused within one.
    package func holder(of token: Credential) async throws(PostgresError) -> Operator? {
        guard token.kind == .operator else { return nil }
        let (hash, now) = (token.hash, ContinuousClock.now)
        if let known = recent.withLock({ $0[hash] }), known.until > now { return known.holder }
        let found = try await control.rows(
            """
            WITH found AS (SELECT \(Operator.columns) FROM operators WHERE token_hash = \(SQLValue.bytes(hash)) AND revoked_at IS NULL),
                used AS (
                    UPDATE operators SET last_used_at = now()
                    WHERE id IN (SELECT id FROM found WHERE last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
                )
            SELECT * FROM found
            """
        ).first.map(Operator.init)
        recent.withLock { recent in
            // Strangers' tokens have passed the checksum at least; still they do not fill the memory.
            if recent.count >= 1000 { recent = [:] }
            recent[hash] = (found, now + .seconds(1))
        }
        return found
    }
}
