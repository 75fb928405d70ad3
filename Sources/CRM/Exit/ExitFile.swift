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

    /// Why a file is not taken in; a sentence for people.
    package struct Refused: Error, Sendable, CustomStringConvertible {
        package let description: String

        init(_ description: String) { self.description = description }
    }

    /// Reads all of it; the calling thread waits for the disk.
    ///
    /// - Parameter latest: the newest schema that this program knows.
    package init(checking path: String, latest: Int) throws {
        var found: [Manifest.Member] = []
        var (head, last, isSealed): (JSON?, [UInt8]?, Bool) = (nil, nil, false)
        do {
            try Self.read(path) { file in
                if let last, file.name == Manifest.sumName, !isSealed {
                    guard file.content == Manifest.sum(of: last) else { throw Refused("The manifest is damaged: it has another SHA-256.") }
                    isSealed = true
                    return
                }
                guard last == nil else { throw Refused("Something stands behind the manifest: \(file.name).") }
                if file.name == Manifest.name {
                    last = file.content
                    return
                }
                if found.isEmpty {
                    guard file.name == TenantExit.head else {
                        throw Refused("This is no file of a tenant: it does not begin with \(TenantExit.head).")
                    }
                    head = try? JSON(parsing: file.content)  // nil is refused below
                }
                found.append(Manifest.Member(file.name, file.content))
            }
        } catch let error as TarError {
            throw Refused(Self.sentence(error, path))
        }
        guard let head, head["format"]?.string == TenantExit.format else { throw Refused("This is no file of a tenant.") }
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
            let email = tenant?["admin"]?["email"]?.string, let id = tenant?["admin"]?["id"]?.string.flatMap(UUID.init(uuidString:))
        else { throw Refused("The file does not say whose it is.") }
        (self.path, self.manifest, schemaVersion, fingerprint) = (path, manifest, schema, Digest.sha256(last))
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
    func parts(_ body: (_ table: String, _ lines: [UInt8]) throws -> Void) throws {
        try Self.read(path) { file in
            let words = file.name.split(separator: "/")
            if words.count == 3, words[0] == "tables" { try body(String(words[1]), file.content) }
        }
    }

    private static func read(_ path: String, _ body: (TarReader.File) throws -> Void) throws {
        guard let handle = FileHandle(forReadingAtPath: path) else { throw Refused("The file \(path) cannot be opened.") }
        defer { try? handle.close() }  // It was only read.
        let reader = TarReader(limit: limit) { count in Array(try handle.read(upToCount: count) ?? Data()) }
        while let file = try reader.next() { try body(file) }
    }

    /// A part is written when it has four megabytes; a batch of very long rows comes on top.
    private static let limit = 256 << 20
}
