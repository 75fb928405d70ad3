import Foundation
import Postgres
import Records

/// The tenant's own audit: who came in, what left, and who changed keys, settings and rights. Entries are added, in the transaction of what
/// they tell, and never changed.
package enum AuditTrail {
    /// What is told beside the changes of users, roles and teams, whose words are `user_updated` and the like.
    package enum Action: String, Sendable, CaseIterable {
        case signIn = "sign_in"
        case signInFailed = "sign_in_failed"
        case exportRequested = "export_requested"
        case exportDownloaded = "export_downloaded"
        /// An export was larger than `security.export_alarm_rows`.
        case exportAlarm = "export_alarm"
        /// Everything that is held about a person was taken out.
        case accessRequested = "access_requested"
        case keyCreated = "api_key_created"
        case keyRevoked = "api_key_revoked"
        case settingsChanged = "settings_changed"
        /// A template's mail was sent to see how it arrives.
        case templateTested = "template_tested"
        /// An operator of the installation who was let in made a request.
        case operatorAccess = "operator_access"
    }

    /// Whom or what an entry is about.
    package struct Subject: Sendable {
        package var type: String
        package var id: UUID

        package init(_ type: String, _ id: UUID) {
            (self.type, self.id) = (type, id)
        }
    }

    /// The statement that adds an entry; `condition` begins with FROM or WHERE and gives one row, or none for no entry.
    package static func entry(
        _ action: Action, by actor: Actor?, about subject: Subject? = nil, from address: String? = nil, requestID: String? = nil,
        detail: JSON = [:], _ condition: SQL = ""
    ) -> SQL {
        """
        INSERT INTO audit (id, actor_type, actor_id, action, about_type, about_id, address, request_id, detail)
        SELECT \(UUID.v7())::uuid, \(actor?.kind.rawValue)::text, \(actor?.id)::uuid, \(action.rawValue), \(subject?.type)::text,
            \(subject?.id)::uuid, left(\(address)::text, 45), left(\(requestID)::text, 200), \(detail.text)::jsonb \(condition)
        """
    }

    /// The statement that tells of a change of a user, a role or a team: what the change log has of it in this very transaction. A write that
    /// changed nothing has nothing there.
    package static func telling(of id: String, _ type: String, _ singular: String) -> SQL {
        """
        INSERT INTO audit (id, actor_type, actor_id, action, about_type, about_id, request_id, detail)
        SELECT \(UUID.v7())::uuid, actor_type, actor_id,
            \(singular)::text || CASE action WHEN 'create' THEN '_created' WHEN 'update' THEN '_updated' WHEN 'trash' THEN '_trashed'
                WHEN 'restore' THEN '_restored' WHEN 'purge' THEN '_purged' WHEN 'undo' THEN '_undone' ELSE '_' || action END,
            type, record_id, left(request_id, 200), jsonb_build_object('fields', ARRAY(SELECT jsonb_object_keys(fields) ORDER BY 1))
        FROM changes
        WHERE record_id = \(id)::uuid AND type = \(type) AND transaction = pg_current_xact_id()
        ORDER BY version DESC, id DESC LIMIT 1
        """
    }
}
