import Foundation
import Postgres

/// A file on a record, on its way out: where its bytes stand in a tenant's file, and how many they are.
struct ExitAttachment: Sendable {
    let id: UUID
    let size: Int

    /// What the names of these members begin with.
    static let folder = "files"

    var name: String { "\(Self.folder)/\(id.text)" }

    /// What is there to be read: neither on its way nor removed.
    static let all: SQL = "SELECT id, size FROM attachments WHERE digest IS NOT NULL AND removed_at IS NULL ORDER BY id"

    init(_ row: Row) throws { (id, size) = (try row.uuid(0), try row.int(1)) }

    /// The attachment that a member of this name is the content of; nil for any other member.
    static func id(of name: String) -> UUID? {
        let words = name.split(separator: "/", omittingEmptySubsequences: false)
        return words.count == 2 && words[0] == folder ? UUID(text: String(words[1])) : nil
    }
}
