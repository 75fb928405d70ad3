import Foundation
import Postgres
import Secrets
import Tenancy

/// Statements by which a write wakes those who follow a tenant's changes. What happened stands in the change log alone; the news only say
/// that it is worth a look, and are said when the write commits.
package enum ChangeNews {
    /// Where they are said, in each cell; the payload is the tenant's slug.
    package static let channel = "tenantry_changes"

    /// Rides along in the flush of a write. While nobody follows it says nothing: a notification makes every commit of the database wait for
    /// the one before.
    package static func told(_ slug: String) -> SQL {
        "SELECT pg_notify(\(channel), \(slug)) FROM settings WHERE watched_until > now()"
    }

    /// Someone follows; to be said again before a minute is over.
    package static let watching: SQL = """
        UPDATE settings SET watched_until = now() + interval '2 minutes'
        WHERE watched_until IS NULL OR watched_until < now() + interval '75 seconds'
        """
}

/// How far a long piece of work has come, told to whoever it is for while it runs. A hint for a progress bar, lost when nobody listens: the
/// truth is what GET answers.
package struct ProgressNotice: Sendable {
    /// Where they are said, in each cell; the payload is the tenant's slug, a space and JSON.
    package static let channel = "tenantry_progress"

    /// The collection that the work belongs to: `imports`, `exports`.
    package let kind: String
    package let id: UUID
    package let state: String
    /// From 0 to 1.
    package let progress: Double
    /// Whose work it is: only this person and administrators hear of it.
    package let owner: UUID

    package init(kind: String, id: UUID, state: String, progress: Double, owner: UUID) {
        self.kind = kind
        self.id = id
        self.state = state
        self.progress = progress
        self.owner = owner
    }

    /// To be added to a unit of the tenant's, for instance the one that writes the counters; said when it commits.
    package func told(to slug: String) -> SQL {
        let document: JSON = [
            "kind": .string(kind), "id": .string(id.text), "state": .string(state),
            "progress": .number(String(min(max(progress, 0), 1))), "owner": .string(owner.text),
        ]
        return "SELECT pg_notify(\(Self.channel), \("\(slug) \(document.text)")) FROM settings WHERE watched_until > now()"
    }

    /// The same of a row of the tenant's, as it stands then. `row` is what stands after FROM; `id`, `state`, `progress` and `owner` are
    /// expressions of it.
    package static func told(_ kind: String, id: SQL, state: SQL, progress: SQL, owner: SQL, from row: SQL, to slug: String) -> SQL {
        """
        SELECT pg_notify(\(channel), \(slug)::text || ' ' || json_build_object('kind', \(kind)::text, 'id', \(id), 'state', \(state),
            'progress', (\(progress))::double precision, 'owner', \(owner))::text)
        FROM \(row) CROSS JOIN settings WHERE settings.watched_until > now()
        """
    }
}
