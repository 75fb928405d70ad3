import Foundation
import Postgres
import Records
import Tenancy

/// The contacts that cards may mean: those that are there already, and those that the same upload has made.
struct KnownContacts {
    struct Contact: Sendable {
        let id: String
        var hasExternalID: Bool
        var tags: [String]
    }

    private var byUID: [String: Contact] = [:]
    private var byEmail: [String: Contact] = [:]

    /// Those that the caller may read and of which he may know what he is to find them by.
    init(of cards: [VCard], _ type: RecordType, in scope: TenantScope, for caller: Caller) async throws {
        let seesUIDs = !caller.rights.isHidden(Contacts.externalID.definition.name, of: type.name)
        let uids = cards.compactMap(\.uid)
        let ids = uids.compactMap { UUID(text: $0) }
        let emails = caller.rights.isHidden(Contacts.email.definition.name, of: type.name) ? [] : cards.compactMap(\.email)
        let external = seesUIDs ? uids : []
        let rows = try await scope.rows(
            """
            SELECT r.id, r.external_id, lower(r.email), r.tags FROM contacts AS r
            WHERE r.deleted_at IS NULL AND \(caller.readable(type))
                AND (r.id = ANY (\(ids)::uuid[]) OR r.external_id COLLATE "und-x-icu" = ANY (\(external)::text[])
                    OR lower(r.email) = ANY (SELECT lower(wanted) FROM unnest(\(emails)::text[]) AS wanted))
            ORDER BY r.created_at, r.id
            """)
        for row in rows {
            let contact = Contact(id: try row.text(0), hasExternalID: !row.isNull(1), tags: try row.texts(3))
            if byUID[contact.id] == nil { byUID[contact.id] = contact }
            if seesUIDs, let uid = row.optionalText(1) { byUID[uid] = contact }
            if !emails.isEmpty, let email = row.optionalText(2) { byEmail[email] = contact }
        }
    }

    /// The contact that the card means: by its uid, else by its e-mail address.
    subscript(card: VCard) -> Contact? {
        if let uid = card.uid, let contact = byUID[uid] ?? byUID[uid.lowercased()] { return contact }
        return card.email.flatMap { byEmail[$0.lowercased()] }
    }

    /// What the card has made or changed is known to the cards after it.
    mutating func remember(_ contact: Contact, of card: VCard) {
        if let uid = card.uid { byUID[uid] = contact }
        if let email = card.email { byEmail[email.lowercased()] = contact }
    }
}
