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
        shared_buffers = \(buffers)MB
        # A tenant's schema has some forty tables; a transaction that makes or drops one locks them all.
        max_locks_per_transaction = 512
        # After a checkpoint each page that changes goes into the log as a whole, of every index of every tenant: seldom, and compressed.
        max_wal_size = 2GB
        checkpoint_timeout = 15min
        wal_compression = lz4
        # What an import writes without waiting for the disk goes there steadily, or the next who does wait would wait for all of it.
        wal_writer_delay = 20ms
        wal_writer_flush_after = 128kB
        jit = off
        log_min_messages = warning
        log_line_prefix = '%m [%p] %q%u@%d '
        timezone = 'UTC'
        log_timezone = 'UTC'

        """
    }

    /// An eighth of the memory, of which pages count only once they are used: a thousand tenants have some hundred thousand pages at least.
    private var buffers: Int {
        min(max(Int(ProcessInfo.processInfo.physicalMemory >> 23), 128), 1_024)
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
