import Foundation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The account that PostgreSQL runs as. It refuses to run as root; root hands it to `postgres`, which Debian's package
/// creates, or else to `nobody`. Everyone else runs it as himself.
struct ServerUser: Sendable {
    let name: String
    let user: uid_t
    let group: gid_t
    /// Whether it is someone else than us.
    let isAnother: Bool

    static func choose() throws(LocalClusterError) -> ServerUser {
        guard geteuid() == 0 else { return ServerUser(name: "", user: geteuid(), group: getegid(), isAnother: false) }
        for name in ["postgres", "nobody"] {
            if let found = account(name) { return found }
        }
        throw LocalClusterError("PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody` to run it.")
    }

    /// The command, run as this user. `setpriv` comes with util-linux, which every Debian has.
    func command(_ arguments: [String]) -> [String] {
        guard isAnother else { return arguments }
        return ["setpriv", "--reuid=\(user)", "--regid=\(group)", "--clear-groups", "--"] + arguments
    }

    /// Whether this user reaches `directory` through all the folders above it.
    func canEnter(_ directory: String) async throws -> Bool {
        guard isAnother else { return true }
        return try await ChildProcess(arguments: command(["/bin/sh", "-c", "cd \"$1\"", "sh", directory])).run().isSuccess
    }

    /// Makes a folder that only this user (and root) can enter, or sets an existing one right.
    func makePrivateFolder(_ path: String) throws(LocalClusterError) {
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw LocalClusterError("Cannot make \(path): \(reason(errno)).") }
        if isAnother, chown(path, user, group) != 0 { throw LocalClusterError("Cannot hand \(path) to \(name): \(reason(errno)).") }
        if chmod(path, 0o700) != 0 { throw LocalClusterError("Cannot protect \(path): \(reason(errno)).") }
    }

    private static func account(_ name: String) -> ServerUser? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return ServerUser(name: name, user: entry.pw_uid, group: entry.pw_gid, isAnother: true)
    }
}
