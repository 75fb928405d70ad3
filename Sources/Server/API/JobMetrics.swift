import Jobs

/// The queues' figures for Prometheus. They are of the whole installation, so any process answers the same.
enum JobMetrics {
    /// Leaves them out when the cells do not answer: the other figures matter most just then.
    static func write(_ desk: JobDesk, into page: inout MetricsPage) async {
        guard let census = try? await desk.census() else { return }
        let families: [(String, MetricsPage.Kind, String, (JobCensus) -> Double)] = [
            ("tenantry_jobs_ready", .gauge, "Jobs that are due and wait.", { Double($0.ready) }),
            ("tenantry_jobs_oldest_seconds", .gauge, "How long the first of them has waited.", { $0.oldest }),
            ("tenantry_jobs_running", .gauge, "Jobs that a process has.", { Double($0.running) }),
            ("tenantry_jobs_dead", .gauge, "Jobs that have failed for good and wait for an operator.", { Double($0.dead) }),
            ("tenantry_jobs_rescued_total", .counter, "Jobs whose process fell silent.", { Double($0.rescued) }),
        ]
        for (name, kind, help, figure) in families {
            page.family(name, kind, help)
            for one in census { page.sample(name, labels(one), figure(one)) }
        }
        page.family("tenantry_jobs_finished_total", .counter, "Attempts at jobs that ended, by how.")
        for one in census {
            for (outcome, count) in one.finished.sorted(by: { $0.key < $1.key }) {
                page.sample("tenantry_jobs_finished_total", labels(one).merging(["outcome": outcome]) { $1 }, Double(count))
            }
        }
        writeStarts(census, into: &page)
    }

    private static func writeStarts(_ census: [JobCensus], into page: inout MetricsPage) {
        let name = "tenantry_jobs_start_seconds"
        page.family(name, .histogram, "Time between a job's being due and its start.")
        for one in census where !one.starts.isEmpty {
            var sum = 0
            for (bound, count) in zip(JobCensus.bounds, one.starts) {
                sum += count
                page.sample(name + "_bucket", labels(one).merging(["le": MetricsPage.number(bound)]) { $1 }, Double(sum))
            }
            let count = Double(one.starts.reduce(0, +))
            page.sample(name + "_bucket", labels(one).merging(["le": "+Inf"]) { $1 }, count)
            page.sample(name + "_sum", labels(one), one.startSeconds)
            page.sample(name + "_count", labels(one), count)
        }
    }

    private static func labels(_ census: JobCensus) -> [String: String] { ["cell": census.cell, "kind": census.kind] }
}
