import Foundation
import Postgres
import Secrets

/// How often one may try to sign in: ten failures of an account or fifty from an address within fifteen minutes, then nobody is let in
/// there until the oldest of them is forgotten, the right password included.
///
/// Ask `wait` before the password is checked, and tell `failed` or `succeeded` afterwards; their answer counts too, so that guesses made at
/// the same time learn no more than ten.
package struct SignInLimit: Sendable {
    let control: Control
    let identity: IdentityHolder

    /// Who tries, kept as a keyed digest of tenant and e-mail; the tenant and the account need not exist.
    package struct Attempt: Sendable {
        let account: [UInt8]
        let address: String
    }

    package func attempt(slug: String, email: String, address: String) async throws -> Attempt {
        let account = try await identity.identity().keyed("sign-in", Array("\(slug)\n\(email.lowercased())".utf8))
        return Attempt(account: account, address: address)
    }

    /// How long this account or address has to wait; nil when it may try now.
    package func wait(_ attempt: Attempt) async throws -> Duration? {
        try duration(await control.rows(waiting(attempt)))
    }

    /// Counts a failure. Non-nil when others were faster and the limit was reached before: then answer as `wait` says, not as the password
    /// deserves.
    package func failed(_ attempt: Attempt) async throws -> Duration? {
        let answers = try await control.run(
            locks(attempt) + [
                waiting(attempt),
                "INSERT INTO sign_in_failures (account, address) VALUES (\(SQLValue.bytes(attempt.account)), \(attempt.address))",
                // A few old ones at a time, past those that another process is just removing.
                """
                DELETE FROM sign_in_failures WHERE ctid = ANY (ARRAY(
                    SELECT ctid FROM sign_in_failures WHERE at < now() - interval '1 hour' LIMIT 100 FOR UPDATE SKIP LOCKED))
                """,
            ])
        return try duration(answers[2])
    }

    /// Forgets the account's failures, unless the limit was reached meanwhile; then it answers how long to wait.
    package func succeeded(_ attempt: Attempt) async throws -> Duration? {
        let answers = try await control.run(
            locks(attempt) + [
                waiting(attempt),
                "DELETE FROM sign_in_failures WHERE account = \(SQLValue.bytes(attempt.account)) AND (\(waiting(attempt))) IS NULL",
            ])
        return try duration(answers[2])
    }

    /// Removes what counts no more, whoever signs in or not: it tells who came from where.
    package func forgetOld() async throws {
        _ = try await control.rows("DELETE FROM sign_in_failures WHERE at < now() - interval '1 hour'", isRepeatable: true)
    }

    /// One after another, always the account's first: two attempts cannot wait for each other.
    private func locks(_ attempt: Attempt) -> [SQL] {
        [
            "SELECT pg_advisory_xact_lock(1, hashtext(encode(\(SQLValue.bytes(attempt.account))::bytea, 'hex')))",
            "SELECT pg_advisory_xact_lock(2, hashtext(\(attempt.address)))",
        ]
    }

    /// Seconds until the tenth newest failure of the account, or the fiftieth of the address, is fifteen minutes old.
    private func waiting(_ attempt: Attempt) -> SQL {
        """
        SELECT extract(epoch FROM greatest(
            (SELECT at FROM sign_in_failures WHERE account = \(SQLValue.bytes(attempt.account)) AND at > clock_timestamp() - interval '15 minutes'
                ORDER BY at DESC OFFSET 9 LIMIT 1),
            (SELECT at FROM sign_in_failures WHERE address = \(attempt.address) AND at > clock_timestamp() - interval '15 minutes'
                ORDER BY at DESC OFFSET 49 LIMIT 1)
        ) + interval '15 minutes' - clock_timestamp())
        """
    }

    private func duration(_ rows: Rows) throws -> Duration? {
        try rows.first?.optionalDouble(0).map { .seconds(max(1, $0.rounded(.up))) }
    }
}
