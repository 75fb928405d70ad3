import Foundation
import Postgres
import Records
import Tenancy

/// Addresses to which a tenant sends nothing more.
package enum Suppressions {
    package enum Reason: String, Sendable, CaseIterable { case bounce, complaint, unsubscribed }

    /// An address once suppressed stays so for its first reason; that mail does not arrive there at all weighs more than any other.
    static func added(_ address: String, _ reason: Reason, detail: String?, mail: UUID?) -> SQL {
        """
        WITH added AS (
            INSERT INTO suppressions AS s (address, reason, detail, mail_id)
            VALUES (\(MailLedger.brief(address.lowercased(), 254)), \(reason.rawValue), \(detail.map { MailLedger.brief($0, 200) }), \(mail))
            ON CONFLICT (address) DO UPDATE
            SET reason = excluded.reason, detail = excluded.detail, mail_id = excluded.mail_id, created_at = now()
            WHERE excluded.reason = 'bounce' AND s.reason <> 'bounce'
            RETURNING reason
        ) SELECT cell.count_mail('suppressed', reason) FROM added
        """
    }

    /// In the order of addresses, those behind `last`.
    package static func page(_ scope: TenantScope, after last: String?, limit: Int) async throws -> [JSON] {
        try await scope.rows(
            """
            SELECT address, reason, detail, created_at FROM suppressions WHERE address > \(last ?? "") ORDER BY address
            LIMIT \(limit)
            """
        ).map { row in
            [
                "address": .string(try row.text(0)), "reason": .string(try row.text(1)), "detail": JSON(row.optionalText(2)),
                "created_at": .string(try row.date(3).apiText),
            ]
        }
    }

    /// A statement: mail may go there again. Touches a row if there was one.
    package static func removal(of address: String) -> SQL { "DELETE FROM suppressions WHERE address = \(address.lowercased())" }
}
