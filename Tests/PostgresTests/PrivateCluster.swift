import Foundation
import Glibc
import Postgres

/// A PostgreSQL of a test's own, on a unix socket in its own folder, to be stopped, promoted and otherwise mistreated.
final class PrivateCluster: Sendable {
    let home: String
    /// Its TCP port, where it listens on one, and the number of its unix socket.
    let port: Int
    private let binaries: String

    var data: String { home + "/data" }

    /// Initialized, but not started.
    init(_ configuration: String = "", port: Int = 5432) async throws {
        self.port = port
        (home, binaries) = try await Self.folder()
        try await server("initdb", "--pgdata", data, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--no-sync")
        try append(configuration)
    }

    /// A hot standby that follows `primary`.
    init(following primary: PrivateCluster) async throws {
        port = primary.port
        (home, binaries) = try await Self.folder()
        try await server(
            "pg_basebackup", "--host", primary.home, "--port", String(primary.port), "--username", "postgres", "--pgdata", data, "-R",
            "--checkpoint", "fast", "--no-sync")
        try append("")
    }

    /// Where it listens, with these parameters of libpq.
    func connection(_ parameters: String = "") -> ConnectionSettings {
        ConnectionSettings(url: "postgresql://postgres@/postgres?host=\(home)&port=\(port)&" + parameters, connectTimeout: .seconds(2))
    }

    /// Returns when it answers. (`pg_ctl start` would leave Foundation waiting for the server's end, which inherits its descriptors.)
    func start() async throws {
        let process = try Self.process(Self.asUser(["\(binaries)/postgres", "-D", data]), output: home + "/log")
        try process.run()
        try await withPipeline(.test("start", connections: 1) { $0.waitDeadline = .seconds(60) }, to: connection()) { pool in
            _ = try await pool.run(Unit(["SELECT 1"], isRepeatable: true))
        }
    }

    /// `fast` says goodbye to every session, `immediate` is a crash.
    func stop(_ mode: String = "immediate") async throws {
        try await server("pg_ctl", "stop", "--pgdata", data, "--mode", mode, "--wait", "--silent")
    }

    func promote() async throws {
        try await server("pg_ctl", "promote", "--pgdata", data, "--wait", "--silent")
    }

    /// Stops it if it runs, and removes all of it.
    func remove() async {
        // It may be stopped already, which is as good.
        try? await stop()
        try? FileManager.default.removeItem(atPath: home)
    }

    /// Runs a program as the user that the server runs as.
    func asServer(_ arguments: [String]) async throws {
        try await Self.command(arguments)
    }

    private func server(_ program: String, _ arguments: String...) async throws {
        try await Self.command(["\(binaries)/\(program)"] + arguments)
    }

    private func append(_ configuration: String) throws {
        let own = """

            listen_addresses = ''
            unix_socket_directories = '\(home)'
            port = \(port)
            fsync = off
            shared_buffers = 16MB
            log_min_messages = fatal
            \(configuration)

            """
        let file = try FileHandle(forWritingTo: URL(filePath: data + "/postgresql.conf"))
        try file.seekToEnd()
        try file.write(contentsOf: Data(own.utf8))
        try file.close()
    }

    private static func folder() async throws -> (home: String, binaries: String) {
        let home = "/tmp/tenantry-private-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: false)
        if getuid() == 0 { try await run(["/bin/chown", "postgres", home]) }
        let versions = try FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")
        return (home, "/usr/lib/postgresql/\(versions.max { (Int($0) ?? 0) < (Int($1) ?? 0) } ?? "15")/bin")
    }

    private static func command(_ arguments: [String]) async throws {
        try await run(asUser(arguments))
    }

    /// The same command for the user of the server, which does not run as root.
    private static func asUser(_ arguments: [String]) -> [String] {
        getuid() == 0 ? ["/sbin/runuser", "-u", "postgres", "--"] + arguments : arguments
    }

    private static func run(_ arguments: [String]) async throws {
        struct Failed: Error {
            let command: String
            let words: String
        }
        let output = "/tmp/tenantry-private-\(UInt32.random(in: 0...UInt32.max)).out"
        defer { try? FileManager.default.removeItem(atPath: output) }
        let process = try process(arguments, output: output)
        let status = try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        guard status == 0 else {
            throw Failed(command: arguments.joined(separator: " "), words: try String(contentsOfFile: output, encoding: .utf8))
        }
    }

    /// A program that is not started yet and writes to a file.
    private static func process(_ arguments: [String], output: String) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: arguments[0])
        process.arguments = Array(arguments.dropFirst())
        process.currentDirectoryURL = URL(filePath: "/tmp")
        if !FileManager.default.fileExists(atPath: output) { _ = FileManager.default.createFile(atPath: output, contents: nil) }
        let file = try FileHandle(forWritingTo: URL(filePath: output))
        process.standardOutput = file
        process.standardError = file
        process.standardInput = FileHandle.nullDevice
        return process
    }
}

/// A cluster for the time of a test.
func withCluster<T>(_ cluster: PrivateCluster, _ body: (PrivateCluster) async throws -> T) async throws -> T {
    do {
        let value = try await body(cluster)
        await cluster.remove()
        return value
    } catch {
        await cluster.remove()
        throw error
    }
}
