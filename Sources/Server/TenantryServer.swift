import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Tenancy

/// The HTTP side of a process: one listener for everyone, or a second one for operators and figures.
///
/// Runs until the surrounding service group shuts down: then it accepts nothing more, lets what runs finish, and returns. The installation
/// must have started; whoever made it closes it afterwards.
package struct TenantryServer: Service {
    private let house: House
    private let figures = RouteFigures()
    private let settings: ServerSettings
    private let logger: Logger
    private let onListening: @Sendable (Listening) async -> Void

    /// Where the server can be reached, once it can.
    package struct Listening: Sendable, Hashable {
        package let port: Int
        /// Nil when operators share the listener.
        package let operatorPort: Int?
    }

    package init(
        _ installation: Installation, settings: ServerSettings, logger: Logger,
        onListening: @escaping @Sendable (Listening) async -> Void = { _ in }
    ) {
        house = House(installation, settings: settings, logger: logger)
        self.settings = settings
        self.logger = logger
        self.onListening = onListening
    }

    package func run() async throws {
        let site = Site(house)
        let ports = Ports(count: settings.operatorPort == nil ? 1 : 2, onListening)
        var services: [any Service] = [
            CredentialNews(cells: house.installation.cells, principals: house.principals, events: house.events),
            EventClock(hub: house.events),
        ]
        services.append(listener(site.main(figures), settings.host, settings.port) { await ports.opened($0, at: 0) })
        if let port = settings.operatorPort {
            services.append(
                listener(site.aside(figures), settings.operatorHost ?? settings.host, port) { await ports.opened($0, at: 1) })
        }
        var configuration = ServiceGroupConfiguration(services: services, logger: logger)
        configuration.maximumGracefulShutdownDuration = settings.shutdownPatience
        try await ServiceGroup(configuration: configuration).run()
    }

    private func listener(
        _ endpoints: [Endpoint], _ host: String, _ port: Int, onRunning: @escaping @Sendable (Int) async -> Void
    ) -> any Service {
        let front = Front(endpoints, house, figures: figures)
        let connection = HTTPConnection(settings: settings) { request, writer, channel in
            let response = await front.respond(to: request, peer: channel.remoteAddress?.ipAddress ?? "")
            try await writer.write(response: response.head, body: response.body)
        }
        return connection.server(
            configuration: ServerConfiguration(address: .hostname(host, port: port), backlog: 1024),
            onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? port) },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
    }
}

/// Wakes those who follow changes until a stop is asked for; their connections end then.
private struct EventClock: Service {
    let hub: EventHub

    func run() async throws {
        await cancelWhenGracefulShutdown { await hub.run() }
    }
}

/// Waits until every listener has its port.
private actor Ports {
    private var ports: [Int?]
    private let onListening: @Sendable (TenantryServer.Listening) async -> Void

    init(count: Int, _ onListening: @escaping @Sendable (TenantryServer.Listening) async -> Void) {
        ports = Array(repeating: nil, count: count)
        self.onListening = onListening
    }

    func opened(_ port: Int, at index: Int) async {
        ports[index] = port
        let known = ports.compactMap { $0 }
        guard known.count == ports.count else { return }
        await onListening(TenantryServer.Listening(port: known[0], operatorPort: known.count > 1 ? known[1] : nil))
    }
}
