import Foundation
import Glibc
import Logging
import ServiceLifecycle
import Support
import Synchronization

@testable import Server

/// The server on a port of its own, for as long as a test needs it.
enum Wire {
    /// Runs `body` with the ports, then shuts down gracefully and waits until the server is gone.
    static func withServer<T: Sendable>(
        _ change: (inout ServerSettings) -> Void = { _ in }, _ body: (TenantryServer.Listening, ServiceGroup) async throws -> T
    ) async throws -> T {
        var settings = ServerSettings()
        settings.port = 0
        settings.scryptCost = .trivial
        change(&settings)
        let (ports, told) = AsyncStream<TenantryServer.Listening>.makeStream()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = TenantryServer(try await TestHouse.installation, settings: settings, logger: logger) { told.yield($0) }
        let group = ServiceGroup(services: [server], logger: logger)
        let running = Task { try await group.run() }
        var iterator = ports.makeAsyncIterator()
        guard let listening = await iterator.next() else { throw Unexpected("The server does not listen.") }
        do {
            let result = try await body(listening, group)
            await group.triggerGracefulShutdown()
            try await running.value
            return result
        } catch {
            await group.triggerGracefulShutdown()
            try await running.value
            throw error
        }
    }
}

/// A bare TCP connection: sends what no client library would. Its calls block, so they run on threads of their own.
final class Socket: Sendable {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard connected == 0 else { throw Unexpected("connect: \(errno)") }
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { Glibc.close(descriptor) }

    /// Sends all of it, or as much as the other side takes before it closes.
    func send(_ bytes: some Sequence<UInt8>) async {
        let bytes = Array(bytes)
        await onThread { [descriptor] in
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return }
                sent += count
            }
        }
    }

    func send(_ text: String) async { await send(text.utf8) }

    /// Nothing more will be sent.
    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// What comes until `isEnough`, or until the other side closes.
    func receive(until isEnough: @escaping @Sendable (String) -> Bool = { _ in false }) async -> String {
        await onThread { [descriptor] in
            var all: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while !isEnough(String(decoding: all, as: UTF8.self)) {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                guard count > 0 else { break }
                all += buffer[0..<count]
            }
            return String(decoding: all, as: UTF8.self)
        }
    }

    /// What comes until the other side closes; nil when it never does.
    func receiveAll() async -> String? {
        await onThread { [descriptor] in
            var all: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                guard count > 0 else { return count < 0 && errno == EAGAIN ? nil : String(decoding: all, as: UTF8.self) }
                all += buffer[0..<count]
            }
        }
    }

    /// Sends the beginning, then a little now and then, until the task is cancelled or the other side has closed.
    func dribble(_ beginning: String, _ drop: String = " ") async {
        await send(beginning)
        while !Task.isCancelled, isOpen {
            await send(drop)
            // Cancellation ends the pause and, with the next look at the condition, the loop.
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    private var isOpen: Bool {
        var failure: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size) == 0 && failure == 0
    }

    private func onThread<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> T {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }
}
