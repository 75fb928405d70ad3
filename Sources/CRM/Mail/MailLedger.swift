import Foundation
import Postgres
import Records
import Tenancy

/// The rows of `mails`: each says what became of one letter, and is there before a server hears of it.
struct MailLedger: Sendable {
    let scope: TenantScope

    /// How a letter stands before it is offered.
    struct Opening: Sendable {
        let settings: SettingsDocument
        let isPaused: Bool
        /// What tells the tenant's logo from another; nil where there is none.
        let logo: String?
        /// Why its recipient gets none.
        let suppression: String?
        /// What became of it before.
        let former: String?
        /// The how-manieth try this is; nil when it is not to be offered.
        let attempt: Int?
    }

    /// Reads how the tenant and the recipient stand and, if nothing speaks against it, enters the letter as being sent and takes one of the
    /// plan's mails: one flush. Throws the refusal of the plan's limit when none is left.
    func open(_ letter: Letter, to recipient: String, subject: String) async throws -> Opening {
        let isAccess = letter.nature == .access
        let key = recipient.lowercased()
        let answers = try await scope.run([
            "SELECT \(Stationery.column), mail_paused_at IS NOT NULL, cell.mail_logo_digest() FROM settings",
            "SELECT reason FROM suppressions WHERE address = \(key)",
            "SELECT state FROM mails WHERE id = \(letter.id) FOR UPDATE",
            """
            WITH former AS (SELECT state FROM mails WHERE id = \(letter.id)), opened AS (
                INSERT INTO mails AS m (id, kind, recipient, subject, about_id, state, is_handed_over)
                SELECT \(letter.id)::uuid, \(String(letter.kind.prefix(20)))::text, \(recipient)::text, \(Self.brief(subject, 100))::text,
                    \(letter.about)::uuid, 'sending', false
                WHERE NOT EXISTS (SELECT FROM suppressions WHERE address = \(key) AND (reason = 'bounce' OR NOT \(isAccess)::boolean))
                    AND (\(isAccess)::boolean OR NOT EXISTS (SELECT FROM settings WHERE mail_paused_at IS NOT NULL))
                ON CONFLICT (id) DO UPDATE SET state = 'sending', attempts = m.attempts + 1, recipient = excluded.recipient,
                    subject = excluded.subject, reason = NULL, is_handed_over = false
                WHERE m.state IN ('waiting', 'refused') OR (m.state = 'sending' AND (\(letter.isRepeatable)::boolean OR NOT m.is_handed_over))
                RETURNING attempts
            ), due AS (
                SELECT FROM opened WHERE NOT \(isAccess)::boolean AND NOT EXISTS (SELECT FROM former WHERE state = 'sending')
            ), counted AS (\(Usage.oneMore(Resource.emails, for: "due")))
            SELECT attempts, \(Usage.refusal(Resource.emails, scope.entitlements)) FROM opened LEFT JOIN counted ON true
            """,
        ])
        guard let row = answers[0].first else { throw PostgresError.unexpected("A tenant has no settings.") }
        return Opening(
            settings: try SettingsDocument(parsing: row.text(0)), isPaused: try row.bool(1), logo: row.optionalText(2),
            suppression: try answers[1].first.map { try $0.text(0) }, former: try answers[2].first.map { try $0.text(0) },
            attempt: try answers[3].first.map { try $0.int(0) })
    }

    /// Enters that a server is about to take the letter, from when on a worker's death leaves its fate unknown. False when somebody else has
    /// begun to offer it meanwhile: then it is theirs.
    func handOver(_ letter: Letter, attempt: Int) async throws -> Bool {
        try await scope.rows(
            "UPDATE mails SET is_handed_over = true WHERE id = \(letter.id) AND state = 'sending' AND attempts = \(attempt) RETURNING id",
            isRepeatable: true
        ).first != nil
    }

    /// What became of a letter that was offered before; nil while it can still be offered. One over which a worker died is unknown from now on.
    func outcome(of letter: UUID) async throws -> LetterOutcome? {
        let state = try await scope.rows(
            """
            WITH died AS (
                UPDATE mails SET state = 'unknown', sent_at = now(), reason = 'its worker stopped while it was being sent'
                WHERE id = \(letter) AND state = 'sending' AND is_handed_over RETURNING state
            ) SELECT state FROM died UNION ALL SELECT state FROM mails WHERE id = \(letter) AND state <> 'sending'
            """, isRepeatable: false
        ).first?.text(0)
        return switch state {
        case "sent": .sent
        case "unknown": .unknown("Nobody knows whether it was taken.")
        case "failed": .refused(.failed, "It was refused before.")
        default: nil
        }
    }

    func sent(_ letter: Letter) async throws {
        _ = try await scope.run(["UPDATE mails SET state = 'sent', sent_at = now(), reason = NULL WHERE id = \(letter.id)"])
    }

    func unknown(_ letter: Letter, _ reason: String) async throws {
        _ = try await scope.run([
            "UPDATE mails SET state = 'unknown', sent_at = now(), reason = \(Self.brief(reason, 80)) WHERE id = \(letter.id)"
        ])
    }

    /// It was not taken: the plan's mail is given back. Nothing when somebody else has begun to offer it meanwhile.
    func waits(_ letter: Letter, _ reason: String, attempt: Int) async throws {
        try await release(letter, "waiting", reason, onlyIn: attempt)
    }

    /// It never will be. `suppressing`: the address is no longer one, in the server's words; that is a mail that came back.
    func failed(_ letter: Letter, _ reason: String, suppressing address: String?) async throws {
        guard let address else { return try await release(letter, "failed", reason) }
        try await release(
            letter, "failed", reason,
            [
                Suppressions.added(address, .bounce, detail: reason, mail: letter.id),
                "UPDATE mails SET sent_at = now(), bounced_at = now() WHERE id = \(letter.id)",
            ])
        try await MailBreaker.check(scope)
    }

    /// It was not offered to any server.
    func refused(_ letter: Letter, to recipient: String, subject: String, _ reason: LetterRefusal) async throws {
        _ = try await scope.run([
            """
            INSERT INTO mails AS m (id, kind, recipient, subject, about_id, state, reason)
            SELECT \(letter.id)::uuid, \(String(letter.kind.prefix(20)))::text, \(Self.brief(recipient, 254))::text,
                \(Self.brief(subject, 100))::text, \(letter.about)::uuid, 'refused', \(reason.rawValue)::text
            ON CONFLICT (id) DO UPDATE SET state = 'refused', reason = excluded.reason WHERE m.state IN ('waiting', 'refused')
            """
        ])
    }

    /// Gives the plan's mail back with it. `onlyIn`: nothing unless it is still being offered by that try.
    private func release(_ letter: Letter, _ state: String, _ reason: String, onlyIn attempt: Int? = nil, _ more: [SQL] = []) async throws {
        let release: SQL = """
            UPDATE mails SET state = \(state), reason = \(Self.brief(reason, 80)) WHERE id = \(letter.id)
                AND (\(attempt)::integer IS NULL OR (state = 'sending' AND attempts = \(attempt)::integer))
            """
        let releaseAndFree: SQL =
            letter.nature == .access
            ? release : "WITH released AS (\(release) RETURNING id) \(Usage.oneLess(Resource.emails, for: "released"))"
        _ = try await scope.run(more + [releaseAndFree])
    }

    static func brief(_ text: String, _ length: Int) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0 != "\0" }.prefix(length)))
    }
}
