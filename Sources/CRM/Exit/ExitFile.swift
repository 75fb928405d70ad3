import Archive
import Foundation
import Records
import Secrets

/// A tenant's file that has been read once from end to end: every member has its sum, nothing is missing, and this program knows its form.
package struct ExitFile: Sendable {
    package let path: String
    let manifest: Manifest
    package let schemaVersion: Int
    package let slug: String
    package let name: String
    package let isTest: Bool
    package let plan: String
    package let blueprint: String?
    package let adminID: UUID
    package let adminEmail: String
    /// SHA-256 of the manifest: the same for the same file.
    package let fingerprint: [UInt8]
    /// What it says of itself.
    let head: JSON
    /// Where the contents of the records' files stand.
    let contents: [Content]
    /// The picture in its mails.
    let logo: [UInt8]?

    /// A content of a record's file within the whole.
    struct Content: Sendable {
        let id: UUID
        let place: Range<Int64>
        let sha256: String
    }

    /// Why a file is not taken in; a sentence for people.
    package struct Refused: Error, Sendable, CustomStringConvertible {
        package let description: String

        init(_ description: String) { self.description = description }
    }

    /// Reads all of it; the calling thread waits for the disk.
    ///
    /// - Parameters:
    ///   - latest: the newest schema that this program knows.
    ///   - format: what it has to be.
    package init(checking path: String, latest: Int, format: String = TenantExit.format) throws {
        var found: [Manifest.Member] = []
        var contents: [Content] = []
        var (head, last, isSealed): (JSON?, [UInt8]?, Bool) = (nil, nil, false)
        var logo: [UInt8]?
        do {
            try Self.read(path) { reader, entry, place in
                if let last, entry.name == Manifest.sumName, !isSealed {
                    guard try reader.content(of: entry) == Manifest.sum(of: last) else {
                        throw Refused("The manifest is damaged: it has another SHA-256.")
                    }
                    isSealed = true
                    return
                }
                guard last == nil else { throw Refused("Something stands behind the manifest: \(entry.name).") }
                if let id = ExitAttachment.id(of: entry.name), head != nil {
                    var digest = RunningDigest()
                    try reader.pieces(of: entry) { digest.add($0) }
                    let member = Manifest.Member(entry.name, bytes: entry.size, digest: digest.finish())
                    found.append(member)
                    contents.append(Content(id: id, place: place..<place + Int64(entry.size), sha256: member.sha256))
                    return
                }
                let content = try reader.content(of: entry)
                if entry.name == Manifest.name {
                    last = content
                    return
                }
                if found.isEmpty {
                    guard entry.name == TenantExit.head else {
                        throw Refused("This is no file of a tenant: it does not begin with \(TenantExit.head).")
                    }
                    head = try? JSON(parsing: content)  // nil is refused below
                }
                if entry.name == TenantExit.logo { logo = content }
                found.append(Manifest.Member(entry.name, content))
            }
        } catch let error as TarError {
            throw Refused(Self.sentence(error, path))
        }
        guard let head, head["format"]?.string == format else { throw Refused("This is no file of a tenant.") }
        guard let version = head["version"]?.integer, version <= TenantExit.formatVersion else {
            throw Refused("The file is of a newer form than this program knows; update it.")
        }
        guard let schema = head["schema_version"]?.integer, schema > 0 else { throw Refused("The file does not say its schema version.") }
        guard schema <= latest else {
            throw Refused("The file is of schema version \(schema), this program knows \(latest); update it first.")
        }
        guard let last, isSealed else { throw Refused("The file has no manifest: it was not written to its end.") }
        guard let document = try? JSON(parsing: last), let manifest = Manifest(document) else {  // damaged, whatever the parser says
            throw Refused("The manifest cannot be read.")
        }
        try Self.compare(found, manifest)
        let tenant = head["tenant"]
        guard let slug = tenant?["slug"]?.string, let name = tenant?["name"]?.string, let plan = tenant?["plan"]?.string,
            let email = tenant?["admin"]?["email"]?.string, let id = tenant?["admin"]?["id"]?.string.flatMap(UUID.init(text:))
        else { throw Refused("The file does not say whose it is.") }
        (self.path, self.manifest, schemaVersion, fingerprint) = (path, manifest, schema, Digest.sha256(last))
        (self.contents, self.logo) = (contents, logo)
        self.head = head
        (self.slug, self.name, isTest, self.plan) = (slug, name, tenant?["test"]?.bool ?? false, plan)
        (blueprint, adminID, adminEmail) = (tenant?["blueprint"]?.string, id, email)
    }

    private static func compare(_ found: [Manifest.Member], _ manifest: Manifest) throws {
        let known = Dictionary(found.map { ($0.name, $0) }) { first, _ in first }
        for member in manifest.members {
            guard let there = known[member.name] else { throw Refused("The member \(member.name) is missing.") }
            guard there == member else { throw Refused("The member \(member.name) is damaged: its SHA-256 is not the manifest's.") }
        }
        if let more = found.first(where: { one in !manifest.members.contains(one) }) {
            throw Refused("The member \(more.name) stands in no manifest.")
        }
    }

    private static func sentence(_ error: TarError, _ path: String) -> String {
        switch error {
        case .damaged(let what): "The file is damaged or no tar archive. \(what)"
        case .cutShort: "The file ends in the middle."
        case .tooLarge(let name): "The member \(name) is larger than any of a tenant's file."
        }
    }

    /// Hands over the members of the tables, in the order of the file; read anew.
    func parts(_ body: (_ table: String, _ rows: [UInt8]) throws -> Void) throws {
        try Self.read(path) { reader, entry, _ in
            let words = entry.name.split(separator: "/")
            guard words.count == 3, words[0] == "tables" else { return try reader.pieces(of: entry) { _ in } }
            try body(String(words[1]), try reader.content(of: entry))
        }
    }

    /// Hands over one member after another with the place of its content, which `body` takes from the reader.
    private static func read(_ path: String, _ body: (TarReader, TarReader.Entry, _ place: Int64) throws -> Void) throws {
        guard let handle = FileHandle(forReadingAtPath: path) else { throw Refused("The file \(path) cannot be opened.") }
        defer { try? handle.close() }  // It was only read.
        let reader = TarReader(limit: limit) { count in Array(try handle.read(upToCount: count) ?? Data()) }
        while let entry = try reader.nextEntry() { try body(reader, entry, Int64(try handle.offset())) }
    }

    /// A part is written when it has four megabytes; a batch of very long rows comes on top.
    private static let limit = 256 << 20
}
