import Archive
import Blobs
import Foundation
import Postgres
import Records
import Tenancy

/// Everything that is held about one person, as one archive: the contact and those merged into it, leads, deals, activities, tasks,
/// reminders and records of the tenant's own types that refer to it, the files on these, mails, addresses that get none, and what the change
/// log tells.
///
/// It comes piece by piece: a list for each type with a line of JSON for each record, as the API shows it, and the files. Records in the trash
/// are held too. What the caller's role does not show is left out, and said.
package struct AccessRequest: Sendable {
    private let scope: TenantScope
    private let caller: Caller
    private let catalog: Catalog
    private let trail: PersonTrail
    private let contact: UUID

    /// The tenant's audit tells of it, as of any export. Refuses with `.notFound` where the caller may not read the contact, and with `.forbidden`
    /// where he may not export contacts.
    ///
    /// - Parameter address: where it is asked from.
    package init(of id: String, in scope: TenantScope, for caller: Caller, _ catalog: Catalog, from address: String) async throws {
        guard let type = catalog["contacts"], let contact = UUID(text: id) else { throw Problem.notFound }
        try await RecordStore(type, of: catalog, in: scope, for: caller).find(id, trash: .include)
        guard caller.rights[type.name].export else { throw Problem(.forbidden, "Your role may not export contacts.") }
        let scope = scope.limited(to: .seconds(120))
        var trail = PersonTrail()
        try trail.take(first: try await scope.run(PersonTrail.first(contact), isRepeatable: true)[...])
        try trail.take(second: try await scope.run(trail.second(catalog), isRepeatable: true)[...], catalog)
        try trail.take(third: try await scope.run(trail.third(catalog), isRepeatable: true)[...])
        _ = try await scope.run([
            AuditTrail.entry(
                .accessRequested, by: caller.actor, about: .init(type.name, contact), from: address, requestID: caller.requestID)
        ])
        (self.scope, self.caller, self.catalog, self.trail, self.contact) = (scope, caller, catalog, trail, contact)
    }

    /// A name for the archive.
    package var fileName: String { "contact-\(contact.text).tar" }

    /// Sends the archive in pieces of some megabytes.
    ///
    /// - Parameters:
    ///   - now: when it was asked for.
    ///   - blobs: where the files are.
    package nonisolated(nonsending) func write(
        now: Date, files blobs: any BlobStore, _ send: ([UInt8]) async throws -> Void
    ) async throws {
        let tar = TarWriter(time: Int(now.timeIntervalSince1970))
        let head: JSON = [
            "contact_id": .string(contact.text), "made_at": .string(Self.time(now)),
            "requested_by": ["type": .string(caller.actor.kind.rawValue), "id": .string(caller.actor.id.text)],
            "left_out": JSON(leftOut),
        ]
        try await send(tar.file("request.json", head.bytes))
        for source in sources where caller.rights[source.type.name].read != .none {
            try await list(source.type.name, source.query, tar, send)
        }
        if seesMails {
            try await list("mails", mails, tar, send)
            try await list("suppressions", suppressions, tar, send)
        }
        try await list("changes", RecordStore.history(of: history, in: catalog, for: caller), tar, send)
        // A company that refers to the person has files of its own.
        let files = try await Attachments(of: catalog, in: scope, for: caller).all(on: records.filter { $0.key != "companies" })
        try await send(tar.file("files.jsonl", files.flatMap { $0.document + [UInt8(ascii: "\n")] }))
        for file in files { try await content(of: file, from: blobs, tar, send) }
        try await send(tar.end)
    }

    private static func time(_ moment: Date) -> String {
        if case .text(let text) = moment.sqlValue { text } else { "" }
    }

    /// `deals.jsonl`, each line a row of the query; what is too much for one goes on in `deals-2.jsonl`.
    private nonisolated(nonsending) func list(
        _ name: String, _ query: SQL, _ tar: TarWriter, _ send: ([UInt8]) async throws -> Void
    ) async throws {
        var (part, number) = ([UInt8](), 0)
        try await scope.stream(query) { rows in
            for row in rows {
                row.withBytes(0) { part.append(contentsOf: $0) }
                part.append(UInt8(ascii: "\n"))
            }
            guard part.count >= Self.partSize else { return }
            number += 1
            try await send(tar.file(Self.part(number, of: name), part))
            part.removeAll(keepingCapacity: true)
        }
        if !part.isEmpty || number == 0 { try await send(tar.file(Self.part(number + 1, of: name), part)) }
    }

    private static func part(_ number: Int, of list: String) -> String { number == 1 ? "\(list).jsonl" : "\(list)-\(number).jsonl" }

    private static let partSize = 4 << 20

    /// One that was removed meanwhile is left out.
    private nonisolated(nonsending) func content(
        of file: Attachment, from blobs: any BlobStore, _ tar: TarWriter, _ send: ([UInt8]) async throws -> Void
    ) async throws {
        let key = Attachment.key(file.id, of: scope.tenant)
        guard try await blobs.size(of: key) == Int64(file.size) else { return }
        try await send(tar.beginning(of: Self.name(of: file), size: file.size))
        for try await piece in blobs.pieces(of: key, 0..<Int64(file.size)) { try await send(piece) }
        try await send(TarWriter.padding(file.size))
    }

    /// Its id, by which `files.jsonl` tells of it, and as much of its name as every program can read.
    private static func name(of file: Attachment) -> String {
        let plain = file.name.suffix(50).map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "_" }
        return "files/\(file.id.text)-\(String(plain))"
    }

    /// Types of which the caller may not read all, and fields that his role does not show.
    private var leftOut: [String] {
        (seesMails ? [] : ["mails", "suppressions"])
            + sources.flatMap { source -> [String] in
                let type = source.type
                guard caller.rights[type.name].read == .all else { return [type.name] }
                return type.loggedFields.map(\.path).filter { caller.rights.isHidden($0, of: type.name) }.map { "\(type.name).\($0)" }
            }
    }

    /// They name the address.
    private var seesMails: Bool { !caller.rights.isHidden(Contacts.email.definition.name, of: "contacts") }

    /// To the person, or about what is the person's; what went to others about what is shared is theirs.
    private var mails: SQL {
        let own = trail.people + trail.leads + trail.ownDeals + trail.ownActivities + trail.ownTasks
        return """
            SELECT json_build_object('id', id, 'kind', kind, 'recipient', recipient, 'subject', subject, 'state', state,
                'created_at', to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                'sent_at', to_char(sent_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
            FROM mails
            WHERE id = ANY (\(trail.mails)::uuid[]) AND (lower(recipient) = ANY (\(trail.addresses)::text[]) OR about_id = ANY (\(own)::uuid[]))
            ORDER BY created_at, id
            """
    }

    /// Why no mail goes to an address of the person any more.
    private var suppressions: SQL {
        """
        SELECT json_build_object('address', address, 'reason', reason, 'detail', detail,
            'created_at', to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
        FROM suppressions WHERE address = ANY (\(trail.addresses)::text[]) ORDER BY address
        """
    }

    /// By type, what is about the person. Another contact or lead that refers to it is another person.
    private var records: [String: [String]] {
        var ids = trail.others.filter { !["contacts", "leads"].contains($0.key) }
        for (name, more) in [
            ("leads", trail.leads), ("activities", trail.ownActivities + trail.sharedActivities),
            ("tasks", trail.ownTasks + trail.sharedTasks), ("deals", trail.ownDeals + trail.firmDeals),
        ] { ids[name, default: []] += more }
        ids["contacts"] = trail.people
        return ids
    }

    /// The lists of records, by their types.
    private var sources: [(type: RecordType, query: SQL)] {
        let told = records.merging(["reminders": trail.reminders]) { $1 }
        return told.sorted { $0.key < $1.key }.compactMap { name, ids -> (type: RecordType, query: SQL)? in
            guard let type = catalog[name] else { return nil }
            let store = RecordStore(type, of: catalog, in: scope, for: caller)
            return (type, store.documents(where: "r.id = ANY (\(ids)::uuid[])"))
        }
    }

    /// Whose history is told: that of the person and of what refers to it, not of what others share.
    private var history: [String: [String]] {
        var ids = trail.others.filter { catalog[$0.key]?.isOfTenant == true }
        for (name, own) in [
            ("contacts", trail.people), ("leads", trail.leads), ("activities", trail.ownActivities), ("tasks", trail.ownTasks),
            ("deals", trail.ownDeals),
        ] { ids[name] = own }
        return ids
    }
}
