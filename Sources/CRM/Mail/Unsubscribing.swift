import Foundation
import Mail
import Postgres
import Secrets
import Tenancy

/// The links by which readers of mail are left alone: signed, so that nobody guesses one, and kept nowhere.
package struct Unsubscribing: Sendable {
    private let tokens: [SignedToken]

    /// - Parameter keys: the first signs, all of them open.
    init(keys: [[UInt8]]) {
        tokens = keys.map { SignedToken(purpose: "unsubscribe", key: $0) }
    }

    /// Whom a link leaves alone, and whose mail it came with.
    package struct Wish: Sendable, Hashable {
        package let slug: String
        package let reader: Letter.Reader
    }

    package static func of(_ installation: Installation) async throws -> Unsubscribing {
        Unsubscribing(keys: try await installation.mailKeys())
    }

    func token(_ wish: Wish) -> String? {
        let who: [UInt8] =
            switch wish.reader {
            case .contact(let id): [Kind.contact.rawValue] + Array(id.uuidString.utf8)
            case .user(let id): [Kind.user.rawValue] + Array(id.uuidString.utf8)
            case .address(let address): [Kind.address.rawValue] + Array(address.utf8)
            }
        return tokens.first?.seal(Array(wish.slug.utf8) + [0] + who)
    }

    /// Nil for what we did not write.
    package func wish(_ token: String) -> Wish? {
        guard let bytes = tokens.lazy.compactMap({ $0.open(token) }).first, let end = bytes.firstIndex(of: 0), end + 1 < bytes.count,
            let kind = Kind(rawValue: bytes[end + 1])
        else { return nil }
        let slug = String(decoding: bytes[..<end], as: UTF8.self)
        let text = String(decoding: bytes[(end + 2)...], as: UTF8.self)
        switch kind {
        case .contact: return UUID(text: text).map { Wish(slug: slug, reader: .contact($0)) }
        case .user: return UUID(text: text).map { Wish(slug: slug, reader: .user($0)) }
        case .address: return Wish(slug: slug, reader: .address(text))
        }
    }

    private enum Kind: UInt8 { case contact = 99, user = 117, address = 97 }

    /// Leaves the reader alone from now on: a contact and a user by their `email_opt_out`, with a line in the change log, an address by a
    /// suppression. Again: nothing. Asked for by the reader, so neither rights nor a plan's limits stand in the way.
    package static func perform(_ reader: Letter.Reader, in scope: TenantScope, requestID: String) async throws {
        switch reader {
        case .contact(let id): _ = try await scope.run([optOut("contacts", id, scope.tenant.id, requestID)])
        case .user(let id): _ = try await scope.run([optOut("users", id, scope.tenant.id, requestID)])
        case .address(let address):
            _ = try await scope.run([Suppressions.added(address, .unsubscribed, detail: nil, mail: nil)])
        }
    }

    private static func optOut(_ table: String, _ id: UUID, _ tenant: UUID, _ requestID: String) -> SQL {
        SQL(code: "WITH changed AS (UPDATE \(table)") + """
             SET email_opt_out = true, version = version + 1, updated_at = now(), updated_by_type = 'system',
                updated_by_id = \(tenant) WHERE id = \(id) AND NOT email_opt_out RETURNING id, version)
            INSERT INTO changes (id, type, record_id, version, action, actor_type, actor_id, request_id, fields)
            SELECT \(UUID.v7()), \(table), id, version, 'update', 'system', \(tenant), \(requestID),
                '{"email_opt_out": {"before": false, "after": true}}'
            FROM changed
            """
    }
}
