import Foundation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What differs from PostgreSQL's own defaults, written anew at each start and included by `postgresql.conf`.
struct ServerConfiguration: Sendable {
    let socketFolder: String

    /// Durable as in production (fsync and synchronous_commit stay on); sized for a small machine that runs the server too.
    private var text: String {
        """
        # Written by tenantry at each start. Own changes belong in postgresql.conf, below its include line.
        listen_addresses = ''
        port = 5432
        unix_socket_directories = '\(socketFolder.replacing("'", with: "''"))'
        max_connections = 100
        shared_buffers = 128MB
        # A tenant's schema has some forty tables; a transaction that makes or drops one locks them all.
        max_locks_per_transaction = 512
        max_wal_size = 1GB
        jit = off
        log_min_messages = warning
        log_line_prefix = '%m [%p] %q%u@%d '
        timezone = 'UTC'
        log_timezone = 'UTC'

        """
    }

    func write(to path: String, for user: ServerUser) throws(LocalClusterError) {
        try replace(path, with: text, for: user)
    }

    /// Makes `postgresql.conf` read our file.
    static func include(in path: String, for user: ServerUser) throws(LocalClusterError) {
        guard let file = fopen(path, "a") else { throw LocalClusterError("Cannot write \(path): \(reason(errno)).") }
        fputs("\ninclude_if_exists = 'tenantry.conf'\n", file)
        guard fclose(file) == 0 else { throw LocalClusterError("Cannot write \(path): \(reason(errno)).") }
    }

    private func replace(_ path: String, with text: String, for user: ServerUser) throws(LocalClusterError) {
        do { try text.write(toFile: path, atomically: true, encoding: .utf8) } catch {
            throw LocalClusterError("Cannot write \(path): \(error.localizedDescription)")
        }
        if user.isAnother, chown(path, user.user, user.group) != 0 {
            throw LocalClusterError("Cannot hand \(path) to \(user.name): \(reason(errno)).")
        }
    }
}
