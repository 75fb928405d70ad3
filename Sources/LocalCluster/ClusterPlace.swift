import Foundation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Where a private cluster lives: its data, its log, and the folder of its socket.
struct ClusterPlace: Sendable {
    /// `DIR/postgres`, or a folder elsewhere when the server's user cannot enter DIR.
    let home: String
    let socketFolder: String

    var data: String { "\(home)/data" }
    var log: String { "\(home)/log" }

    /// The longest socket address that Linux takes, without its final NUL (unix(7)).
    private static let longestSocketPath = 107

    /// Finds the place of the cluster under `directory`, or makes one. `notice` is told when it has to be elsewhere.
    static func find(under directory: String, for user: ServerUser, notice: (String) -> Void) async throws -> ClusterPlace {
        let home = try await findHome(under: directory, for: user, notice: notice)
        return ClusterPlace(home: home, socketFolder: try findSocketFolder(home: home, for: user))
    }

    private static func findHome(under directory: String, for user: ServerUser, notice: (String) -> Void) async throws -> String {
        let noted = "\(directory)/postgres-is-in"
        if let elsewhere = read(noted), isFolder(elsewhere) { return elsewhere }
        let home = "\(directory)/postgres"
        if try await user.canEnter(directory) {
            try user.makePrivateFolder(home)
            return home
        }
        guard !isFolder("\(home)/data") else {
            throw LocalClusterError(
                "PostgreSQL runs as `\(user.name)`, who cannot enter \(directory) any more. Let it: chmod o+x on each folder above.")
        }
        let elsewhere = try await folderElsewhere(for: user)
        try write(elsewhere, to: noted)
        notice("PostgreSQL runs as `\(user.name)`, who cannot enter \(directory); its data is kept in \(elsewhere).")
        return elsewhere
    }

    private static func folderElsewhere(for user: ServerUser) async throws -> String {
        for parent in ["/var/lib/tenantry", "/var/tmp", "/tmp"] {
            if parent == "/var/lib/tenantry" { mkdir(parent, 0o755) }
            // Who made it before may have closed it.
            guard try await user.canEnter(parent) else { continue }
            var template = Array("\(parent)/cluster-XXXXXX".utf8CString)
            guard mkdtemp(&template) != nil else { continue }
            let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            try user.makePrivateFolder(path)
            return path
        }
        throw LocalClusterError("No folder can be made in /var/lib/tenantry, /var/tmp or /tmp: \(reason(errno)).")
    }

    /// `HOME/run`, unless its name is too long for a socket; then a folder in /tmp that is noted beside the data.
    private static func findSocketFolder(home: String, for user: ServerUser) throws(LocalClusterError) -> String {
        let folder = "\(home)/run"
        if "\(folder)/.s.PGSQL.5432.lock".utf8.count <= longestSocketPath {
            try user.makePrivateFolder(folder)
            return folder
        }
        let noted = "\(home)/run-is-in"
        if let elsewhere = read(noted), isOwned(elsewhere, by: user) { return elsewhere }
        var template = Array("/tmp/tenantry-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw LocalClusterError("No folder for the socket in /tmp: \(reason(errno)).") }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try user.makePrivateFolder(path)
        try write(path, to: noted)
        return path
    }

    /// Whether it is a folder of that user: a name in /tmp can be taken by anyone after a restart of the machine.
    private static func isOwned(_ path: String, by user: ServerUser) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == user.user
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    private static func read(_ path: String) -> String? {
        // No note: the usual place.
        (try? String(contentsOfFile: path, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func write(_ text: String, to path: String) throws(LocalClusterError) {
        do { try text.write(toFile: path, atomically: true, encoding: .utf8) } catch {
            throw LocalClusterError("Cannot write \(path): \(error.localizedDescription)")
        }
    }
}
