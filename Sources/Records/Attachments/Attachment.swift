import Blobs
import Foundation
import Postgres
import Tenancy

/// A file on a record; its bytes are in the blob store.
package struct Attachment: Sendable {
    package let id: UUID
    package let type: String
    package let recordID: UUID
    package let name: String
    /// As the uploader declared it.
    package let contentType: String
    /// In bytes.
    package let size: Int
    /// SHA-256 of the content, as hexadecimal digits.
    package let digest: String
    /// As the API tells of it.
    package let document: [UInt8]

    static let columns: SQL = "id, type, record_id, name, content_type, size, encode(digest, 'hex'), \(json)"
    /// What is there to be read: neither on its way nor removed.
    static let isWhole: SQL = "digest IS NOT NULL AND removed_at IS NULL"

    static let json: SQL = """
        json_build_object(
            'id', id, 'record', json_build_object('type', type, 'id', record_id), 'name', name, 'content_type', content_type, 'size', size,
            'sha256', encode(digest, 'hex'), 'created_at', to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            'created_by', CASE WHEN created_by_id IS NOT NULL THEN json_build_object('type', created_by_type, 'id', created_by_id) END)::text
        """

    init(_ row: Row) throws {
        id = try row.uuid(0)
        type = try row.text(1)
        recordID = try row.uuid(2)
        name = try row.text(3)
        contentType = try row.text(4)
        size = try row.int(5)
        digest = try row.text(6)
        document = row.withBytes(7) { Array($0) }
    }

    /// Where the bytes are.
    package static func key(_ id: UUID, of tenant: Tenant) -> BlobKey {
        let text = "\(folder(of: tenant))\(id.text)"
        // Made of two UUIDs and words of ours, so it is one.
        guard let key = BlobKey(text) else { preconditionFailure("\(text) is no key") }
        return key
    }

    /// What the keys of all files of a tenant begin with.
    static func folder(of tenant: Tenant) -> String { tenant.blobFolder + "attachments/" }
}
