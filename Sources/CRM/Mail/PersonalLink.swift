import Foundation
import Postgres
import Secrets

/// A link in a mail by which its reader does one thing, once: the account's name, the user and 256 random bits. Only the SHA-256 of the
/// whole is kept, in `users.links`.
package struct PersonalLink: Sendable {
    package enum Purpose: String, Sendable, CaseIterable {
        case invitation
        case passwordReset = "password_reset"
        case emailConfirmation = "email_confirmation"

        /// How long the link works.
        var life: TimeInterval {
            switch self {
            case .invitation, .emailConfirmation: 7 * 86_400
            case .passwordReset: 3600
            }
        }

        /// The page it leads to.
        package var page: String {
            switch self {
            case .invitation: "invitation"
            case .passwordReset: "password"
            case .emailConfirmation: "email"
            }
        }
    }

    package let slug: String
    package let user: UUID
    package let text: String

    private var hash: String { Digest.sha256(text).map { String(format: "%02x", $0) }.joined() }

    static func mint(slug: String, user: UUID) -> PersonalLink {
        let bytes = withUnsafeBytes(of: user.uuid) { Array($0) } + RandomBytes.make(32)
        return PersonalLink(slug: slug, user: user, text: slug + "_" + Base64.url.encode(bytes))
    }

    private init(slug: String, user: UUID, text: String) {
        self.slug = slug
        self.user = user
        self.text = text
    }

    /// Nil for text of another form.
    package init?(parsing text: String) {
        // A slug has no underscore.
        guard let end = text.firstIndex(of: "_"), (3...40).contains(text[..<end].utf8.count),
            let bytes = Base64.url.decode(text[text.index(after: end)...]), bytes.count == 48
        else { return nil }
        var id = UUID().uuid
        withUnsafeMutableBytes(of: &id) { $0.copyBytes(from: bytes.prefix(16)) }
        self.init(slug: String(text[..<end]), user: UUID(uuid: id), text: text)
    }

    /// A statement that keeps it; an older one for the same purpose ends. Touches the user's row if `condition` holds for it.
    func kept(for purpose: Purpose, until: Date, if condition: SQL) -> SQL {
        """
        UPDATE users SET links = links || jsonb_build_object(\(purpose.rawValue)::text,
            jsonb_build_object('hash', \(hash)::text, 'until', \(until)::timestamptz))
        WHERE id = \(user) AND deleted_at IS NULL AND \(condition)
        """
    }

    /// The condition, for a row of `users`, that this link may do what it is for now.
    package func opens(_ purpose: Purpose) -> SQL {
        """
        users.id = \(user) AND users.deleted_at IS NULL AND users.links #>> ARRAY[\(purpose.rawValue), 'hash'] = \(hash)
            AND (users.links #>> ARRAY[\(purpose.rawValue), 'until'])::timestamptz > now()
        """
    }
}
