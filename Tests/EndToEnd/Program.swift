import Foundation
import Synchronization
import Testing

/// The built program `tenantry`, run as a person would run it.
///
/// Not with Foundation's `Process`: it learns of a child's end by a socket that children started at the same moment inherit, so with tests
/// side by side it would wait for all of them. A thread waits for this one, and what it says goes to a file.
final class Program: Sendable {
    let pid: pid_t
    private let said: String
    private let ending = Ending()

    /// Beside the test bundle, where SwiftPM puts it.
    static let path = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "tenantry").path

    /// What it has written so far, both channels.
    var output: String { String(decoding: FileManager.default.contents(atPath: said) ?? Data(), as: UTF8.self) }

    init(_ arguments: [String], environment: [String: String] = [:], executable: String = path) throws {
        said = FileManager.default.temporaryDirectory.appending(path: "tenantry-said-\(UUID().uuidString)").path
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, said, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        let all = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0.key)=\($0.value)" }
        var words = ([executable] + arguments).map { strdup($0) } + [nil]
        var variables = all.map { strdup($0) } + [nil]
        defer { (words + variables).forEach { free($0) } }
        var child = pid_t()
        let failure = posix_spawn(&child, executable, &actions, nil, &words, &variables)
        try #require(failure == 0, "\(executable): \(String(cString: strerror(failure)))")
        let pid = child
        self.pid = pid
        let ending = ending
        Thread.detachNewThread {
            var status: Int32 = 0
            while waitpid(pid, &status, 0) == -1, errno == EINTR {}
            ending.tell(status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + status & 0x7f)
        }
    }

    deinit { unlink(said) }

    /// Its exit status, once it has ended; 128 + the signal that ended it, as a shell would say.
    func end() async -> Int32 { await ending.status() }

    func send(_ signal: Int32) { kill(pid, signal) }

    /// Runs it, or another program, to its end.
    static func run(
        _ arguments: [String], environment: [String: String] = [:], executable: String = path
    ) async throws -> (status: Int32, output: String) {
        let program = try Program(arguments, environment: environment, executable: executable)
        let status = await program.end()
        return (status, program.output)
    }
}

/// Wakes whoever waits for the end of a program.
private final class Ending: Sendable {
    private let state = Mutex<(status: Int32?, waiters: [CheckedContinuation<Int32, Never>])>((nil, []))

    func tell(_ status: Int32) {
        let waiters = state.withLock { state in
            state.status = status
            defer { state.waiters = [] }
            return state.waiters
        }
        waiters.forEach { $0.resume(returning: status) }
    }

    func status() async -> Int32 {
        await withCheckedContinuation { continuation in
            let known = state.withLock { state in
                if state.status == nil { state.waiters.append(continuation) }
                return state.status
            }
            if let known { continuation.resume(returning: known) }
        }
    }
}
