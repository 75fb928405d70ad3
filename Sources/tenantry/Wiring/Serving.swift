import CRM
import Foundation
import Jobs
import Logging
import NIOCore
import Postgres
import Server
import ServiceLifecycle
import Settings
import Tenancy

/// What runs until someone says stop: SIGTERM, Ctrl-C, or a terminal that closes.
struct Serving: Service {
    let work: @Sendable () async throws -> Void

    init(_ work: @escaping @Sendable () async throws -> Void) {
        self.work = work
    }

    func run() async throws {
        do {
            try await work()
        } catch  where Task.isShuttingDownGracefully && error.isCancellation {
            // Stopped before it was ready: that is what was asked for.
        }
    }

    /// Installs the signals, runs the work, and returns once it has ended in order. Throws what ended it otherwise.
    func runUntilStopped(log: Logger) async throws {
        var quiet = log
        // Its own words about services and signals say nothing to whoever reads our log.
        quiet.logLevel = max(log.logLevel, .warning)
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: self, successTerminationBehavior: .gracefullyShutdownGroup)],
            gracefulShutdownSignals: [.sigterm, .sigint, .sighup], logger: quiet)
        configuration.maximumGracefulShutdownDuration = .seconds(23)
        configuration.maximumCancellationDuration = .seconds(25)
        try await ServiceGroup(configuration: configuration).run()
    }

    /// What a process does that works.
    struct Work: Sendable {
        let worker: Worker
        let post: Post
        /// Nil where firms cannot open an account by themselves.
        let signUpMail: SignUpMail?
        /// Nil where nobody collects payments.
        let payments: PaymentDesk?
    }

    /// Serves, and works on the queue if that is asked for, until a stop is asked for; `ready` is told once when everything answers, and what it throws ends the server. The installation
    /// has been started.
    static func serve(
        _ installation: Installation, _ settings: ServerSettings, work: Work? = nil, log: Logger,
        ready: @escaping @Sendable (Addresses) throws -> Void
    ) async throws {
        let (listening, continuation) = AsyncStream.makeStream(of: TenantryServer.Listening.self)
        let server = TenantryServer(installation, settings: settings, logger: log) { continuation.yield($0) }
        try await withThrowingTaskGroup(of: Part.self) { group in
            group.addTask {
                await installation.run()
                return .beside
            }
            group.addTask {
                for await ports in listening {
                    work?.post.origin.listens(at: ports.port)
                    try ready(Addresses(settings, ports))
                }
                return .beside
            }
            group.addTask {
                try await explainingPorts(settings) { try await server.run() }
                return .main
            }
            if let work {
                group.addTask {
                    await work.worker.run()
                    return .main
                }
                group.addTask {
                    await work.signUpMail?.run()
                    return .beside
                }
                group.addTask {
                    await work.payments?.run()
                    return .beside
                }
                group.addTask {
                    await work.post.run()
                    return .beside
                }
            }
            // The others end only by cancellation, when the server and the worker have ended or one of them has failed.
            var running = work == nil ? 1 : 2
            while running > 0, let part = try await group.next() {
                if part == .main { running -= 1 }
            }
            group.cancelAll()
        }
        await work?.post.close()
    }

    /// Works on the queues until a stop is asked for. The installation has been started.
    static func work(_ installation: Installation, _ work: Work) async {
        await withTaskGroup { group in
            group.addTask { await installation.run() }
            group.addTask { await work.signUpMail?.run() }
            group.addTask { await work.payments?.run() }
            group.addTask { await work.post.run() }
            await work.worker.run()
            group.cancelAll()
        }
        await work.post.close()
    }

    private enum Part { case main, beside }

    private static func explainingPorts(_ settings: ServerSettings, _ work: () async throws -> Void) async throws {
        do {
            try await work()
        } catch let error as IOError where [EADDRINUSE, EACCES, EADDRNOTAVAIL].contains(error.errnoCode) {
            let listen = [(settings.host, settings.port), (settings.operatorHost ?? "", settings.operatorPort ?? 0)]
                .filter { !$0.0.isEmpty }.map { ListenAddress(host: $0, port: $1).description }.joined(separator: " or ")
            switch error.errnoCode {
            case EADDRINUSE: throw Refusal("The address \(listen) is taken by another program. Choose another port, or 0 for any free one.")
            case EACCES: throw Refusal("This user may not listen on \(listen); ports below 1024 are root's.")
            default: throw Refusal("This machine has no address \(listen).")
            }
        }
    }
}

/// Where people reach the server: origins, without a slash at the end.
struct Addresses: Sendable {
    let api: String
    let operators: String

    init(_ settings: ServerSettings, _ ports: TenantryServer.Listening) {
        api = Self.origin(settings.host, ports.port)
        operators = ports.operatorPort.map { Self.origin(settings.operatorHost ?? settings.host, $0) } ?? api
    }

    /// A server that listens on every address is reached by the local one.
    private static func origin(_ host: String, _ port: Int) -> String {
        let reachable = host == "0.0.0.0" ? "127.0.0.1" : host == "::" ? "::1" : host
        return "http://\(ListenAddress(host: reachable, port: port))"
    }
}

extension Error {
    var isCancellation: Bool {
        if self is CancellationError { return true }
        if case PostgresError.cancelled? = self as? PostgresError { return true }
        return false
    }
}
