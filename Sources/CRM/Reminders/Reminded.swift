import Foundation
import Postgres
import Tenancy

/// Somebody who is told, by the key that the ledger knows them by: `user:<id>`, `contact:<id>`, `lead:<id>`, `email:<address>`.
struct Reminded: Sendable, Hashable {
    let key: String
    /// Whose day it is.
    let zone: String

    /// The recipients of a reminder about a record, each once.
    static func keys(of reminder: KnownReminder, about record: RemindedRecord?) -> [String] {
        var keys: [String] = []
        for recipient in reminder.recipients {
            let key: String? =
                switch recipient {
                case .user(let id): user(id)
                case .contact(let id): "contact:\(id.text)"
                case .email(let address): "email:\(address.lowercased())"
                case .owner: (record.map(\.owner) ?? reminder.owner).map(user)
                case .itself: record.map { "\(reminder.aboutType == "leads" ? "lead" : "contact"):\($0.id.text)" }
                }
            if let key, !keys.contains(key) { keys.append(key) }
        }
        return keys
    }

    static func user(_ id: UUID) -> String { "user:\(id.text)" }

    /// With the zone of each, as they have set it.
    static func resolved(_ keys: [String], in scope: TenantScope, _ defaults: ReminderDefaults) async throws -> [String: Reminded] {
        func ids(_ kind: String) -> [String] { keys.filter { $0.hasPrefix(kind) }.map { String($0.dropFirst(kind.count)) } }
        let zones = try await scope.rows(
            """
            SELECT 'user:' || id, time_zone FROM users WHERE id = ANY (\(ids("user:"))::uuid[]) AND time_zone IS NOT NULL
            UNION ALL
            SELECT 'contact:' || id, time_zone FROM contacts WHERE id = ANY (\(ids("contact:"))::uuid[]) AND time_zone IS NOT NULL
            """)
        var known: [String: String] = [:]
        for row in zones { known[try row.text(0)] = try row.text(1) }
        return Dictionary(
            uniqueKeysWithValues: Set(keys).map { ($0, Reminded(key: $0, zone: known[$0] ?? defaults.timeZone)) })
    }
}
