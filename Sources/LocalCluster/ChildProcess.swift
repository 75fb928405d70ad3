import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A program that is run to its end, on a thread of its own.
///
/// It gets a process group of its own: a Ctrl-C at the terminal reaches only us, and we decide what becomes of it. Foundation's
/// `Process` cannot be used: it takes a child for alive until the last of its descendants has closed a socket that they all
/// inherit, and so waits for the server that `pg_ctl start` leaves behind.
struct ChildProcess: Sendable {
    var arguments: [String]
    var directory = "/"

    /// How it ended.
    struct Outcome: Sendable {
        /// The exit status, or 128 + the signal that ended it, as a shell would say.
        var status: Int32
        /// What it wrote to its output and error channels.
        var output: String

        var isSuccess: Bool { status == 0 }
    }

    /// A cancelled task ends the program with SIGTERM and still waits for its end: nothing of it is left running.
    func run() async throws -> Outcome {
        let life = Mutex(Life.notStarted)
        let outcome = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                Thread.detachNewThread {
                    continuation.resume(with: Result { try runToEnd(life) })
                }
            }
        } onCancel: {
            life.withLock { life in
                if case .running(let pid) = life { kill(-pid, SIGTERM) }
                life = .cancelled
            }
        }
        try Task.checkCancellation()
        return outcome
    }

    private enum Life {
        case notStarted, cancelled, ended
        case running(pid_t)
    }

    private func runToEnd(_ life: borrowing Mutex<Life>) throws -> Outcome {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw LocalClusterError("No pipe to \(arguments[0]): \(reason(errno)).") }
        defer { close(ends[0]) }
        let pid: pid_t
        do {
            defer { close(ends[1]) }
            pid = try life.withLock { life in
                if case .cancelled = life { throw CancellationError() }
                let pid = try spawn(writingTo: ends[1])
                life = .running(pid)
                return pid
            }
        }
        let output = everything(from: ends[0])
        // The number may go to another program once the child is reaped: it is forgotten before.
        var ended = siginfo_t()
        while waitid(P_PID, id_t(pid), &ended, WEXITED | WNOWAIT) == -1, errno == EINTR {}
        life.withLock { $0 = .ended }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) == -1, errno == EINTR {}
        let signal = status & 0x7f
        return Outcome(status: signal == 0 ? (status >> 8) & 0xff : 128 + signal, output: output)
    }

    private func spawn(writingTo output: Int32) throws(LocalClusterError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        // A server that outlives us must keep none of our sockets and locks. Numbers that are not open do no harm.
        for descriptor in 3...highestDescriptor + 64 { posix_spawn_file_actions_addclose(&actions, descriptor) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // What we ignore or block, the child must not.
        var everySignal = sigset_t()
        sigfillset(&everySignal)
        var noSignal = sigset_t()
        sigemptyset(&noSignal)
        posix_spawnattr_setsigdefault(&attributes, &everySignal)
        posix_spawnattr_setsigmask(&attributes, &noSignal)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        // PostgreSQL's programs read PG* variables; what is set for the caller's own psql must not reach them.
        let environment = ["PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin", "LC_ALL=C.UTF-8"]
        var pid = pid_t()
        let failure = withCStrings(["/usr/bin/env", "--chdir=\(directory)"] + arguments) { arguments in
            withCStrings(environment) { environment in posix_spawn(&pid, "/usr/bin/env", &actions, &attributes, arguments, environment) }
        }
        guard failure == 0 else { throw LocalClusterError("Cannot run \(arguments[0]): \(reason(failure)).") }
        return pid
    }

    private var highestDescriptor: Int32 {
        let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")  // without /proc: as many as are usual
        return open?.compactMap { Int32($0) }.max() ?? 1024
    }

    private func everything(from descriptor: Int32) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count > 0 { bytes += buffer[..<count] } else if count == 0 || errno != EINTR { break }
        }
        return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

private func withCStrings<Result>(_ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result) -> Result {
    let pointers = texts.map { strdup($0) }
    defer { pointers.forEach { free($0) } }
    return body(pointers + [nil])
}

/// The system's words for an error number.
func reason(_ number: Int32) -> String {
    String(cString: strerror(number))
}
