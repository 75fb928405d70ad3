import Foundation
import Postgres
import Records
import Tenancy

/// Everything that is held about one person, as one document: the contact and those merged into it, leads, deals, activities, tasks and
/// records of the tenant's own types that refer to it, mails, and what the change log tells.
///
/// It comes piece by piece, each record as the API shows it; records in the trash are held too. What the caller's role does not show is left
/// out, and said.
package struct AccessRequest: Sendable {
    private let scope: TenantScope
    private let caller: Caller
    private let catalog: Catalog
    private let trail: PersonTrail
    private let contact: UUID

    /// Refuses with `.notFound` where the caller may not read the contact, and with `.forbidden` where he may not export contacts.
    package init(of id: String, in scope: TenantScope, for caller: Caller, _ catalog: Catalog) async throws {
        guard let type = catalog["contacts"], let contact = UUID(uuidString: id) else { throw Problem.notFound }
        try await RecordStore(type, of: catalog, in: scope, for: caller).find(id, trash: .include)
        guard caller.rights[type.name].export else { throw Problem(.forbidden, "Your role may not export contacts.") }
        let scope = scope.limited(to: .seconds(120))
        var trail = PersonTrail()
        try trail.take(first: try await scope.run(PersonTrail.first(contact), isRepeatable: true)[...])
        try trail.take(second: try await scope.run(trail.second, isRepeatable: true)[...])
        (self.scope, self.caller, self.catalog, self.trail, self.contact) = (scope, caller, catalog, trail, contact)
    }

    /// A name for the file.
    package var fileName: String { "contact-\(contact.uuidString.lowercased()).json" }

    /// Sends the document in pieces.
    ///
    /// - Parameter now: when it was asked for.
    package nonisolated(nonsending) func write(now: Date, _ send: ([UInt8]) async throws -> Void) async throws {
        let head: [JSON.Member] = [
            .init("contact_id", .string(contact.uuidString.lowercased())), .init("made_at", .string(Self.time(now))),
            .init("requested_by", ["type": .string(caller.actor.kind.rawValue), "id": .string(caller.actor.id.uuidString.lowercased())]),
            .init("left_out", JSON(leftOut)),
        ]
        try await send(JSON.object(head).bytes.dropLast())
        for source in sources where caller.rights[source.type.name].read != .none {
            try await list(source.type.name, source.query, send)
        }
        if seesMails { try await list("mails", mails, send) }
        try await list("changes", RecordStore.history(of: history, in: catalog, for: caller), send)
        try await send(Array("}".utf8))
    }

    private static func time(_ moment: Date) -> String {
        if case .text(let text) = moment.sqlValue { text } else { "" }
    }

    /// `,"deals":[...]`, each element a row of the query.
    private nonisolated(nonsending) func list(_ name: String, _ query: SQL, _ send: ([UInt8]) async throws -> Void) async throws {
        try await send(Array(",\(JSON.string(name).text):[".utf8))
        var isFirst = true
        try await scope.stream(query) { rows in
            var bytes: [UInt8] = []
            for row in rows {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                row.withBytes(0) { bytes.append(contentsOf: $0) }
            }
            if !bytes.isEmpty { try await send(bytes) }
        }
        try await send(Array("]".utf8))
    }

    /// Types of which the caller may not read all, and fields that his role does not show.
    private var leftOut: [String] {
        (seesMails ? [] : ["mails"])
            + sources.flatMap { source -> [String] in
                let type = source.type
                guard caller.rights[type.name].read == .all else { return [type.name] }
                return type.loggedFields.map(\.path).filter { caller.rights.isHidden($0, of: type.name) }.map { "\(type.name).\($0)" }
            }
    }

    /// They name the address.
    private var seesMails: Bool { !caller.rights.isHidden(Contacts.email.definition.name, of: "contacts") }

    private var mails: SQL {
        """
        SELECT json_build_object('id', id, 'kind', kind, 'recipient', recipient, 'subject', subject, 'state', state,
            'created_at', to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            'sent_at', to_char(sent_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
        FROM mails WHERE id = ANY (\(trail.mails)::uuid[]) ORDER BY created_at, id
        """
    }

    /// By type, the records that are about the person.
    private var sources: [(type: RecordType, query: SQL)] {
        guard let contacts = catalog["contacts"] else { return [] }
        var conditions: [(type: RecordType, condition: SQL)] = [(contacts, "r.id = ANY (\(trail.people)::uuid[])")]
        let known = [
            "leads": trail.leads, "activities": trail.ownActivities + trail.sharedActivities, "tasks": trail.tasks,
            "deals": trail.ownDeals + trail.firmDeals,
        ]
        for (name, ids) in known.sorted(by: { $0.key < $1.key }) {
            if let type = catalog[name] { conditions.append((type, "r.id = ANY (\(ids)::uuid[])")) }
        }
        let people: SQL = "(SELECT unnest(\(trail.people)::uuid[]) AS id) AS person"
        for (name, fields) in Dictionary(grouping: catalog.references(to: contacts), by: \.type.name).sorted(by: { $0.key < $1.key })
        where known[name] == nil && name != contacts.name {
            guard let type = fields.first?.type, type.standing != .furniture else { continue }
            let refers = fields.map { "(" + $0.refers("r", to: "person.id", of: contacts) + ")" }.joined(separator: " OR ")
            conditions.append((type, "EXISTS (SELECT FROM " + people + SQL(code: " WHERE \(refers))")))
        }
        return conditions.map { ($0.type, RecordStore($0.type, of: catalog, in: scope, for: caller).documents(where: $0.condition)) }
    }

    /// Whose history is told: that of the person, not of what others share.
    private var history: [String: [String]] {
        [
            "contacts": trail.people, "leads": trail.leads, "activities": trail.ownActivities, "tasks": trail.tasks,
        ]
    }
}
