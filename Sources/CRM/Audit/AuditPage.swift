import Foundation
import Postgres
import Records
import Tenancy

/// The audit as those read it who run the account, the newest first: its own entries, and what operators did to the account, which stands in
/// the installation's audit.
///
/// The two are lists of their own, each with its place; a page takes from both in the order of time.
package struct AuditPage: Sendable {
    /// Before which entry of each list a page goes on; nil from the newest.
    package struct Place: Sendable, Hashable {
        var own: UUID?
        var operators: Int?

        package init() {}

        /// `<id> <seq>`, either may be missing.
        package init?(_ text: String) {
            let parts = text.split(separator: " ", omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            (own, operators) = (UUID(text: String(parts[0])), Int(parts[1]))
            guard own != nil || parts[0].isEmpty, operators != nil || parts[1].isEmpty else { return nil }
        }

        package var text: String { "\(own?.text ?? "") \(operators.map(String.init) ?? "")" }
    }

    package let entries: [JSON]
    /// Nil at the end.
    package let next: Place?

    /// Refuses with `.forbidden` who runs neither the settings nor the users.
    package static func read(
        after place: Place = Place(), limit: Int, in scope: TenantScope, for caller: Caller, _ operators: Audit
    ) async throws -> AuditPage {
        guard caller.rights.admin.settings || caller.rights.admin.users else {
            throw Problem(.forbidden, "Only those who run the account's settings or users read its audit.")
        }
        async let own = own(before: place.own, limit: limit + 1, in: scope)
        async let theirs = operators.entries(before: place.operators, target: scope.tenant.slug, limit: limit + 1)
        var (left, right) = (try await own[...], try await theirs.map(Entry.init)[...])
        var (entries, next): ([JSON], Place) = ([], place)
        while entries.count < limit, let entry = [left.first, right.first].compactMap(\.self).max(by: { $0.at < $1.at }) {
            entries.append(entry.json)
            switch entry.key {
            case .own(let id):
                next.own = id
                left.removeFirst()
            case .operators(let seq):
                next.operators = seq
                right.removeFirst()
            }
        }
        return AuditPage(entries: entries, next: left.isEmpty && right.isEmpty ? nil : next)
    }

    fileprivate struct Entry {
        enum Key { case own(UUID), operators(Int) }

        let key: Key
        let at: Date
        let json: JSON
    }

    private static func own(before id: UUID?, limit: Int, in scope: TenantScope) async throws -> [Entry] {
        try await scope.rows(
            """
            SELECT a.id, a.at, a.actor_type, a.actor_id, coalesce(u.name, k.name, a.detail ->> 'operator'), a.action, a.about_type, a.about_id, a.address, a.request_id,
                a.detail
            FROM audit AS a LEFT JOIN users AS u ON a.actor_type = 'user' AND u.id = a.actor_id
                LEFT JOIN api_keys AS k ON a.actor_type = 'api_key' AND k.id = a.actor_id
            WHERE \(id)::uuid IS NULL OR a.id < \(id)::uuid ORDER BY a.id DESC LIMIT \(limit)
            """
        ).map(Entry.init)
    }
}

extension AuditPage.Entry {
    fileprivate init(_ row: Row) throws {
        key = .own(try row.uuid(0))
        at = try row.date(1)
        let actor: JSON =
            row.isNull(2)
            ? .null
            : ["type": JSON(row.optionalText(2)), "id": JSON(row.optionalText(3)), "name": JSON(row.optionalText(4))]
        json = [
            "id": .string(try row.text(0)), "at": .string(at.apiText), "action": .string(try row.text(5)), "actor": actor,
            "about": row.isNull(6) ? .null : ["type": JSON(row.optionalText(6)), "id": JSON(row.optionalText(7))],
            "address": JSON(row.optionalText(8)), "request_id": JSON(row.optionalText(9)), "detail": try JSON(parsing: row.text(10)),
        ]
    }

    /// What someone of the installation did. Who exactly is the installation's affair but for the name it keeps.
    fileprivate init(_ entry: Audit.Entry) {
        key = .operators(entry.seq)
        at = entry.at
        json = [
            "id": .string("operators-\(entry.seq)"), "at": .string(entry.at.apiText), "action": .string(entry.action),
            "actor": ["type": "operator", "id": .null, "name": .string(entry.actor)], "about": .null, "address": .null,
            "request_id": JSON(entry.requestID), "detail": entry.reason.map { ["reason": .string($0)] } ?? [:],
        ]
    }
}
