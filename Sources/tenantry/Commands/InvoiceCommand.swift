import ArgumentParser
import CRM
import Foundation
import Records
import Recurrence
import Server
import Tenancy

/// What tenants owe.
struct InvoiceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invoice", abstract: "Bill tenants, and see what they were billed.", subcommands: [Run.self, List.self])

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Bill every tenant for a month that is over.",
            discussion: """
                Workers do so by themselves on the first of each month; this finds what they made, and makes what is missing, also for tenants \
                that were deleted meanwhile. Interrupted, it can be run again. Who bills is said by the settings `billing.*`.
                  tenantry invoice run --period 2026-10
                Exit status: 0 all was done, 2 some tenants could not be billed.
                """)

        @Option(help: ArgumentHelp("The month. Default: the last one.", valueName: "2026-10")) var period: String?
        @Option(help: ArgumentHelp("Only this tenant.", valueName: "slug")) var tenant: String?
        @Option(help: "Why; the audit keeps it.") var reason: String?
        @OptionGroup var common: CommonOptions

        func validate() throws {
            if let period, BillingPeriod(period) == nil { throw ValidationError("`--period` is a month, such as 2026-10.") }
        }

        func run() async throws {
            let settings = try common.readQuietSettings()
            let period = period.flatMap(BillingPeriod.init) ?? BillingPeriod(of: CivilDate(utc: .now)).previous
            let progress = Progress(unless: common.json)
            let report = try await Installation.use(settings, log: Logs.start(settings)) { installation in
                guard !installation.settings.billing.seller.isEmpty else { throw Refusal(Invoices.Refusal.noSeller.message) }
                try await installation.start()
                var report = Report()
                let tenants = try await tenants(installation)
                for (place, tenant) in tenants.enumerated() {
                    do {
                        let issued = try await Billing(installation).issue(tenant, period, by: .commandLine(reason))
                        report.invoices += issued
                        report.tenants += 1
                    } catch let refusal as Invoices.Refusal {
                        throw Refusal(refusal.message)
                    } catch {
                        report.failures.append((tenant.slug, "\(error)"))
                    }
                    progress.say("\(place + 1) of \(tenants.count) tenants ...")
                }
                return report
            }
            report.answer(period).print(asJSON: common.json)
            if !report.failures.isEmpty { throw ExitCode(ExitStatus.partly.rawValue) }
        }

        private func tenants(_ installation: Installation) async throws -> [Tenant] {
            guard let tenant else { return try await everyone(installation) }
            guard let found = try await installation.directory.find(slug: tenant) else { throw TenancyError.unknownTenant(tenant) }
            return [found]
        }

        private func everyone(_ installation: Installation) async throws -> [Tenant] {
            var all: [Tenant] = []
            while true {
                let page = try await installation.tenants.page(after: all.last?.slug, limit: 500)
                all += page
                if page.count < 500 { return all }
            }
        }

        private struct Report: Sendable {
            var tenants = 0
            var invoices: [(invoice: Invoice, isNew: Bool)] = []
            var failures: [(slug: String, reason: String)] = []

            func answer(_ period: BillingPeriod) -> Answer {
                let new = invoices.filter(\.isNew)
                let lines = new.map { $0.invoice.line } + failures.map { "\($0.slug): \($0.reason)" }
                let summary =
                    "\(period.text): \(tenants) tenants, \(new.count) new invoices, \(invoices.count - new.count) were there."
                return Answer(
                    text: (lines + [summary]).joined(separator: "\n"),
                    json: [
                        "period": .string(period.text), "tenants": JSON(tenants), "issued": JSON(new.count),
                        "unchanged": JSON(invoices.count - new.count), "invoices": .array(invoices.map(\.invoice.document)),
                        "failed": .array(failures.map { ["tenant": .string($0.slug), "reason": .string($0.reason)] }),
                    ])
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The invoices of a tenant, the newest first.")

        @Argument(help: "The tenant's short name.") var slug: String
        @Option(help: "At most so many.") var limit = 24
        @OptionGroup var common: CommonOptions

        func validate() throws {
            if !(1...1000).contains(limit) { throw ValidationError("`--limit` is a number from 1 to 1000.") }
        }

        func run() async throws {
            let settings = try common.readQuietSettings()
            let invoices = try await Installation.use(settings, log: Logs.start(settings)) { installation in
                guard let tenant = try await installation.directory.find(slug: slug) else { throw TenancyError.unknownTenant(slug) }
                return try await installation.invoices.page(of: tenant.id, limit: limit)
            }
            Answer(
                text: invoices.isEmpty ? "There are none." : invoices.map(\.line).joined(separator: "\n"),
                json: ["invoices": .array(invoices.map(\.document))]
            ).print(asJSON: common.json)
        }
    }
}

extension Invoice {
    fileprivate var line: String { "\(number)  \(period.text)  \(slug)  \(total) \(currency)  \(state.rawValue)" }
}
