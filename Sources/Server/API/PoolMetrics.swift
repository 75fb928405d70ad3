import Postgres

/// The connection pools' figures for Prometheus.
enum PoolMetrics {
    static func write(_ pools: [PoolFigures], into page: inout MetricsPage) {
        let families: [(String, MetricsPage.Kind, String, (PoolFigures) -> Double)] = [
            ("tenantry_pool_connections", .gauge, "Open connections.", { Double($0.connections) }),
            ("tenantry_pool_in_use", .gauge, "Units on their way, or connections lent.", { Double($0.inUse) }),
            ("tenantry_pool_waiters", .gauge, "Who waits for a connection.", { Double($0.waiters) }),
            ("tenantry_pool_wait_seconds", .counter, "Time spent waiting for a connection, by everybody together.", { $0.waited.seconds }),
            ("tenantry_pool_overloaded_total", .counter, "Work refused because no connection came free.", { Double($0.overloaded) }),
            ("tenantry_pool_flushes_total", .counter, "Times something was sent.", { Double($0.flushes) }),
            ("tenantry_pool_waits_total", .counter, "Times an answer was waited for.", { Double($0.waits) }),
        ]
        for (name, kind, help, figure) in families {
            page.family(name, kind, help)
            for pool in pools { page.sample(name, ["pool": pool.name], figure(pool)) }
        }
        page.family("tenantry_pool_retired_total", .counter, "Connections given up, by reason.")
        for pool in pools {
            for (reason, count) in pool.retired.sorted(by: { $0.key < $1.key }) {
                page.sample("tenantry_pool_retired_total", ["pool": pool.name, "reason": reason], Double(count))
            }
        }
    }
}
