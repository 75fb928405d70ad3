import CRM
import Tenancy

/// The mail's figures for Prometheus. They are of the whole installation, so any process answers the same. Labels are a cell and one of a few
/// words: never a tenant, a person or an address.
enum MailMetrics {
    private static let families: [(outcome: String, label: String, help: String)] = [
        ("sent", "kind", "Mails that a server has taken."),
        ("failed", "kind", "Mails that a server will never take."),
        ("unknown", "kind", "Mails that a server may have taken or not: the dialogue broke off."),
        ("delayed", "kind", "Attempts after which a mail is offered again."),
        ("skipped", "reason", "Mails that were not offered to any server."),
        ("suppressed", "reason", "Addresses to which no more mail goes from then on."),
    ]

    /// Leaves them out when the cells do not answer: the other figures matter most just then.
    static func write(_ installation: Installation, into page: inout MetricsPage) async {
        guard let census = try? await MailCensus.all(installation) else { return }
        for family in families {
            let name = "tenantry_mail_\(family.outcome)_total"
            page.family(name, .counter, family.help)
            for one in census {
                for count in one.counts where count.outcome == family.outcome {
                    page.sample(name, ["cell": one.cell, family.label: count.label], Double(count.count))
                }
            }
        }
        page.family("tenantry_mail_paused", .gauge, "Tenants whose mail waits since too much of it came back.")
        for one in census { page.sample("tenantry_mail_paused", ["cell": one.cell], Double(one.paused)) }
        writeLengths(census, into: &page)
    }

    private static func writeLengths(_ census: [MailCensus], into page: inout MetricsPage) {
        let name = "tenantry_mail_seconds"
        page.family(name, .histogram, "How long a mail server took to take a mail, or not to.")
        for one in census where !one.lengths.isEmpty {
            var sum = 0
            for (bound, count) in zip(MailCensus.bounds, one.lengths) {
                sum += count
                page.sample(name + "_bucket", ["cell": one.cell, "le": MetricsPage.number(bound)], Double(sum))
            }
            let count = Double(one.lengths.reduce(0, +))
            page.sample(name + "_bucket", ["cell": one.cell, "le": "+Inf"], count)
            page.sample(name + "_sum", ["cell": one.cell], one.seconds)
            page.sample(name + "_count", ["cell": one.cell], count)
        }
    }
}
