import Foundation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A PostgreSQL of one's own under a folder, reached through a unix socket only; for `tenantry dev`.
///
/// The socket's folder has mode 0700 and belongs to the account that the server runs as, so only that account and root get in;
/// behind that door nobody is asked for a password. The owner role is no superuser: what works here works in production.
/// One caller per folder: `tenantry dev` holds a lock on it.
package struct LocalCluster: Sendable {
    private let programs: ServerPrograms
    private let user: ServerUser
    private let place: ClusterPlace

    /// Finds the programs and the place; starts nothing. `notice` is told what a person should know.
    package init(under directory: String, notice: (String) -> Void = { _ in }) async throws {
        programs = try ServerPrograms.find()
        user = try ServerUser.choose()
        place = try await ClusterPlace.find(under: directory, for: user, notice: notice)
    }

    /// The owner's address: a role with CREATEROLE and CREATEDB that owns the database `tenantry`.
    package var url: String {
        let folder = place.socketFolder.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? place.socketFolder
        return "postgresql://tenantry@/tenantry?host=\(folder)"
    }

    /// Makes the cluster if there is none, starts it and answers when it takes connections. What a `kill -9` left behind, of us
    /// or of the server, is cleared away first.
    package func start() async throws {
        if !FileManager.default.fileExists(atPath: "\(place.data)/PG_VERSION") { try await make() }
        try checkVersion()
        try ServerConfiguration(socketFolder: place.socketFolder).write(to: "\(place.data)/tenantry.conf", for: user)
        if isRunning { try await halt() } else { clearAway() }
        try await launch()
        try await makeOwner()
    }

    /// Ends the server: open transactions are rolled back, what was committed is safe. One that does not end within
    /// `deadline` is stopped the hard way and recovers at its next start.
    package func stop(deadline: Duration = .seconds(10)) async throws {
        guard isRunning else { return }
        try await halt(deadline: deadline)
    }

    /// Starts the server again whenever it has died, until the task is cancelled. `notice` is told of each death and of what a new start
    /// says. What was committed is there again after its recovery.
    package func keepRunning(notice: @Sendable (String) -> Void) async {
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: .milliseconds(500))
                guard !isRunning else { continue }
                notice("PostgreSQL has died and is started again.")
                try await start()
            } catch is CancellationError {
                return
            } catch {
                notice("\(error)")
            }
        }
    }

    /// First into a folder with another name: an interrupted initdb is started afresh.
    private func make() async throws {
        let fresh = "\(place.home)/data.new"
        _ = try await ChildProcess(arguments: user.command(["rm", "-rf", fresh])).run()
        let outcome = try await run([
            programs.path("initdb"), "--pgdata", fresh, "--username", "postgres", "--auth-local", "trust", "--auth-host", "reject",
            "--encoding", "UTF8", "--locale", "C.UTF-8", "--data-checksums",
        ])
        guard outcome.isSuccess else { throw LocalClusterError("PostgreSQL could not make its data folder \(fresh)", outcome) }
        try ServerConfiguration.include(in: "\(fresh)/postgresql.conf", for: user)
        guard rename(fresh, place.data) == 0 else { throw LocalClusterError("Cannot rename \(fresh): \(reason(errno)).") }
    }

    private func checkVersion() throws {
        let text = try String(contentsOfFile: "\(place.data)/PG_VERSION", encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        guard text == String(programs.version) else {
            throw LocalClusterError(
                "The data in \(place.data) is of PostgreSQL \(text), installed is \(programs.version). Install postgresql-\(text), or start with another folder."
            )
        }
    }

    private func launch() async throws {
        var outcome = ChildProcess.Outcome(status: 1, output: "")
        // After a kill -9 of the server its children need a moment to notice; until then they hold its shared memory.
        for _ in 0..<50 {
            let before = logSize
            outcome = try await run([
                programs.path("pg_ctl"), "start", "--pgdata", place.data, "--log", place.log, "--wait", "--timeout", "120", "--silent",
            ])
            if outcome.isSuccess { return }
            guard log(from: before).contains("still in use") else {
                throw LocalClusterError("PostgreSQL did not start; its log is \(place.log)", outcome, log: log(from: before))
            }
            try await Task.sleep(for: .milliseconds(200))
        }
        throw LocalClusterError("PostgreSQL did not start", outcome)
    }

    private func halt(deadline: Duration = .seconds(10)) async throws {
        let seconds = String(max(1, deadline.components.seconds))
        let gentle = try await run([
            programs.path("pg_ctl"), "stop", "--pgdata", place.data, "--mode", "fast", "--wait", "--timeout", seconds, "--silent",
        ])
        if gentle.isSuccess { return }
        let hard = try await run([
            programs.path("pg_ctl"), "stop", "--pgdata", place.data, "--mode", "immediate", "--wait", "--timeout", "5", "--silent",
        ])
        if !hard.isSuccess, isRunning { throw LocalClusterError("PostgreSQL does not stop", hard) }
    }

    /// Again at each start, so that an interruption between the two does no harm.
    private func makeOwner() async throws {
        let script = """
            SELECT 'CREATE ROLE tenantry LOGIN CREATEROLE CREATEDB' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tenantry') \\gexec
            SELECT 'CREATE DATABASE tenantry OWNER tenantry' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'tenantry') \\gexec
            """
        let outcome = try await run([
            "/bin/sh", "-c", "printf '%s\\n' \"$2\" | \"$0\" -X -q -v ON_ERROR_STOP=1 -h \"$1\" -U postgres -d postgres",
            programs.path("psql"), place.socketFolder, script,
        ])
        guard outcome.isSuccess else { throw LocalClusterError("The database's owner could not be made", outcome) }
    }

    /// A server that was killed leaves the files that name it. PostgreSQL refuses to start when that number is taken: by another
    /// program after a restart of the machine, or by the dead one itself where nobody collects it (process 1 of many containers).
    private func clearAway() {
        for left in ["\(place.data)/postmaster.pid", "\(place.socketFolder)/.s.PGSQL.5432", "\(place.socketFolder)/.s.PGSQL.5432.lock"] {
            unlink(left)
        }
    }

    /// Whether the server of this folder runs: a living program with the number in `postmaster.pid` that works in the data folder.
    private var isRunning: Bool {
        let file = "\(place.data)/postmaster.pid"
        // No file: it does not run.
        guard let first = (try? String(contentsOfFile: file, encoding: .utf8))?.split(separator: "\n").first, let pid = Int32(first)
        else { return false }
        guard FileManager.default.fileExists(atPath: "/proc/self") else { return kill(pid, 0) == 0 }
        let folder = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")  // no such program, or not ours
        return folder == realPath(place.data)
    }

    private func realPath(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private func run(_ arguments: [String]) async throws -> ChildProcess.Outcome {
        try await ChildProcess(arguments: user.command(arguments), directory: place.home).run()
    }

    private var logSize: UInt64 {
        var status = stat()
        return stat(place.log, &status) == 0 ? UInt64(status.st_size) : 0
    }

    private func log(from start: UInt64) -> String {
        guard let file = FileHandle(forReadingAtPath: place.log) else { return "" }
        defer { try? file.close() }  // nothing was written to it
        // A log that cannot be read explains nothing; the outcome is told all the same.
        guard (try? file.seek(toOffset: start)) != nil, let bytes = try? file.readToEnd() else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }
}
