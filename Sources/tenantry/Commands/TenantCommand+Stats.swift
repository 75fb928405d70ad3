import ArgumentParser
import Foundation
import Records
import Server
import Tenancy

extension TenantCommand {
    struct Stats: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what tenants take: rows, bytes, relations, and statements that took long.",
            discussion: """
                  tenantry tenant stats              every tenant, by slug
                  tenantry tenant stats acme         one, with the statements that took longest within a week
                """)

        @Argument(help: "The tenant's short name. Default: every tenant.") var slug: String?
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.readQuietSettings()
            let (rows, slow) = try await Installation.use(settings, log: Logs.start(settings)) { installation in
                try await installation.start()
                let rows = try await installation.stats.all(only: slug)
                guard let slug else { return (rows, [TenantStats.Slow]()) }
                guard !rows.isEmpty else { throw TenancyError.unknownTenant(slug) }
                return (rows, try await installation.stats.slowest(of: slug))
            }
            var table = TextTable(headings: ["slug", "cell", "relations", "rows", "bytes", "slow", "last active"])
            table.rows = rows.map {
                [$0.slug, $0.cell, "\($0.relations)", "\($0.rows)", "\($0.bytes)", "\($0.slow)", shown($0.lastActive)]
            }
            let lines = slow.map { "\($0.milliseconds) ms  \($0.at.formatted(.iso8601))  \($0.statement)" }
            let json: JSON =
                slug == nil ? .array(rows.map { StatsDocument.of($0) }) : rows.first.map { StatsDocument.of($0, slow) } ?? .null
            Answer(text: ([table.text] + lines).joined(separator: "\n"), json: json).print(asJSON: common.json)
        }
    }
}
