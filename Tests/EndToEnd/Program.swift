import Foundation
import Synchronization
import Testing

/// The built program `tenantry`, run as a person would run it.
final class Program: Sendable {
    private let process: Process
    private let exit: ExitSignal

    /// What it has written so far, both channels.
    var output: String { exit.output.withLock { $0 } }
    var pid: Int32 { process.processIdentifier }

    /// Beside the test bundle, where SwiftPM puts it.
    static let path = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "tenantry").path

    init(_ arguments: [String], environment: [String: String] = [:], executable: String = path) throws {
        let exit = ExitSignal()
        self.exit = exit
        process = Process()
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        pipe.fileHandleForReading.readabilityHandler = { handle in
            let bytes = handle.availableData
            if bytes.isEmpty {
                handle.readabilityHandler = nil
                exit.saidAll()
            } else {
                exit.output.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
            }
        }
        process.terminationHandler = { exit.ended($0.terminationStatus) }
        try process.run()
    }

    /// Its exit status, once it has ended.
    func end() async -> Int32 { await exit.status() }

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

/// Wakes whoever waits for the end of a program: it has ended, and all it said has been read.
private final class ExitSignal: Sendable {
    let output = Mutex("")
    private let state = Mutex(State())

    private struct State {
        var status: Int32?
        var hasSaidAll = false
        var waiters: [CheckedContinuation<Int32, Never>] = []
        var isOver: Int32? { hasSaidAll ? status : nil }
    }

    func ended(_ status: Int32) { change { $0.status = status } }
    func saidAll() { change { $0.hasSaidAll = true } }

    func status() async -> Int32 {
        await withCheckedContinuation { continuation in
            change { $0.waiters.append(continuation) }
        }
    }

    private func change(_ change: (inout State) -> Void) {
        let (status, waiters) = state.withLock { state in
            change(&state)
            guard let status = state.isOver else { return (Int32(0), [CheckedContinuation<Int32, Never>]()) }
            defer { state.waiters = [] }
            return (status, state.waiters)
        }
        waiters.forEach { $0.resume(returning: status) }
    }
}
