import HTTPTypes
import Synchronization

/// How often each endpoint was called, how it ended and how long it took; shared by all listeners of the process.
final class RouteFigures: Sendable {
    private let routes = Mutex<[Route]>([])

    /// One endpoint's figures.
    final class Route: Sendable {
        fileprivate let method: String
        fileprivate let path: String
        fileprivate let tally = Mutex(Tally())

        fileprivate init(_ method: String, _ path: String) {
            self.method = method
            self.path = path
        }

        func count(status: Int, took duration: Duration) {
            let seconds = duration.seconds
            let bucket = bounds.firstIndex { seconds <= $0 }
            tally.withLock { tally in
                tally.byStatus[status, default: 0] += 1
                tally.count += 1
                tally.seconds += seconds
                if let bucket { tally.buckets[bucket] += 1 }
            }
        }
    }

    /// Upper bounds in seconds of the buckets in which durations are counted.
    private static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    fileprivate struct Tally: Sendable {
        var byStatus: [Int: Int] = [:]
        var buckets = [Int](repeating: 0, count: bounds.count)
        var count = 0
        var seconds = 0.0
    }

    /// Where an endpoint's calls are counted; empty words for addresses that do not exist.
    func route(_ method: String, _ path: String) -> Route {
        routes.withLock { routes in
            if let route = routes.first(where: { $0.method == method && $0.path == path }) { return route }
            let route = Route(method, path)
            routes.append(route)
            return route
        }
    }

    func write(into page: inout MetricsPage) {
        let tallies = routes.withLock { $0 }.map { route in (route, route.tally.withLock { $0 }) }.filter { $0.1.count > 0 }
        page.family("tenantry_http_requests_total", .counter, "Requests answered.")
        for (route, tally) in tallies {
            for (status, count) in tally.byStatus.sorted(by: { $0.key < $1.key }) {
                page.sample(
                    "tenantry_http_requests_total", ["method": route.method, "route": route.path, "status": String(status)], Double(count))
            }
        }
        let name = "tenantry_http_request_seconds"
        page.family(name, .histogram, "Time from a request's head to its answer's.")
        for (route, tally) in tallies {
            let labels = ["method": route.method, "route": route.path]
            var sum = 0
            for (bound, count) in zip(Self.bounds, tally.buckets) {
                sum += count
                page.sample(name + "_bucket", labels.merging(["le": MetricsPage.number(bound)]) { $1 }, Double(sum))
            }
            page.sample(name + "_bucket", labels.merging(["le": "+Inf"]) { $1 }, Double(tally.count))
            page.sample(name + "_sum", labels, tally.seconds)
            page.sample(name + "_count", labels, Double(tally.count))
        }
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
