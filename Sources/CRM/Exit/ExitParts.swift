import Archive
import Records
import Secrets

/// The members of a tenant's file as they are written one after another: the bytes of each, and what the manifest will say of it.
struct ExitParts: Sendable {
    private(set) var manifest = Manifest()
    /// How many bytes were written.
    private(set) var size = 0
    private let tar: TarWriter

    /// - Parameter time: of all members, in seconds since 1970.
    init(time: Int) { tar = TarWriter(time: time) }

    mutating func note(_ sum: TableSum) { manifest.tables.append(sum) }

    /// A member that is at hand.
    mutating func member(_ name: String, _ content: [UInt8]) -> [UInt8] {
        manifest.members.append(Manifest.Member(name, content))
        return counted(tar.file(name, content))
    }

    /// What stands before a member of so many bytes that comes in pieces.
    mutating func beginning(of name: String, size: Int) -> [UInt8] { counted(tar.beginning(of: name, size: size)) }

    /// What stands behind its pieces.
    mutating func end(of member: Manifest.Member) -> [UInt8] {
        manifest.members.append(member)
        size += member.bytes
        return counted(TarWriter.padding(member.bytes))
    }

    /// The manifest, its sum and the end of the archive.
    mutating func end(_ catalog: Catalog) -> [UInt8] {
        let last = manifest.document(catalog).bytes
        return counted(tar.file(Manifest.name, last) + tar.file(Manifest.sumName, Manifest.sum(of: last)) + tar.end)
    }

    private mutating func counted(_ bytes: [UInt8]) -> [UInt8] {
        size += bytes.count
        return bytes
    }
}
