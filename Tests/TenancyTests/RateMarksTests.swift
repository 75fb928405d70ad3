import Foundation
import Postgres
import Testing

@testable import Tenancy

@Suite("The marks that processes share") struct RateMarksTests {
    private static func demand(
        _ subject: UUID, owed: Int64 = 0, wanted: Int64, _ rates: [String: Int], tenant: UUID = UUID()
    ) -> RateMarks.Demand {
        // A number was given: there is a pair.
        // swift-format-ignore: NeverForceUnwrap
        let account = RateAccount(Rates(rates).tenant ?? Rates(["api_per_day": 1]).tenant!)
        return RateMarks.Demand(subject: subject, tenant: tenant, owed: owed, wanted: wanted, burst: account.burst, day: account.day)
    }

    @Test("They grant what is there, charge what is owed, take back what is returned, by the narrower limit") func exchange() async throws {
        try await withInstallation { installation in
            let marks = RateMarks(control: installation.control)
            let rates = ["api_burst_per_second": 1_000_000, "api_per_day": 100]
            let subject = UUID()
            func take(_ wanted: Int64, owed: Int64 = 0) async throws -> RateMarks.Grant {
                try await marks.exchange([Self.demand(subject, owed: owed, wanted: wanted, rates)])[0]
            }
            let day: Int64 = 864_000_000_000

            #expect(try await take(30).granted == 30)
            let second = try await take(10, owed: 50)
            #expect(second.granted == 10)
            #expect((89 * day...90 * day).contains(second.dayAhead))
            #expect(try await take(50).granted == 10)
            #expect(try await take(1).granted == 0)
            #expect(try await take(0, owed: 5).dayAhead > 104 * day)
            #expect(try await take(50, owed: -25).granted == 20)
        }
    }

    @Test("Sixty-four takers at once get no more than there is, whichever order they name their subjects in") func race() async throws {
        try await withInstallation { installation in
            let marks = RateMarks(control: installation.control)
            let rates = ["api_per_day": 200]
            let subjects = (0..<5).map { _ in UUID() }

            let granted = try await withThrowingTaskGroup(of: [Int64].self) { group in
                for taker in 0..<64 {
                    group.addTask {
                        let order = taker.isMultiple(of: 2) ? subjects : subjects.reversed()
                        let grants = try await marks.exchange(order.map { Self.demand($0, wanted: 7, rates) }).map(\.granted)
                        return taker.isMultiple(of: 2) ? grants : grants.reversed()
                    }
                }
                return try await group.reduce(into: [Int64](repeating: 0, count: 5)) { sums, grants in
                    for index in sums.indices { sums[index] += grants[index] }
                }
            }

            #expect(granted == [200, 200, 200, 200, 200])
        }
    }

    @Test("Rows go when the allowance is whole again, and with their tenant") func forgetting() async throws {
        try await withInstallation { installation in
            let tenant = try await installation.provisioning.provision(.sample("acme"), by: .test).tenant
            let marks = RateMarks(control: installation.control)
            let whole = UUID()
            _ = try await marks.exchange([
                Self.demand(whole, wanted: 0, ["api_per_day": 5]), Self.demand(tenant.id, wanted: 3, ["api_per_day": 5], tenant: tenant.id),
            ])
            func rows() async throws -> [UUID] {
                try await installation.control.rows("SELECT subject FROM rate_marks").map { try $0.uuid(0) }
            }

            try await marks.forgetWhole()
            #expect(try await rows() == [tenant.id])

            _ = try await installation.lifecycle.scheduleDeletion("acme", after: .zero, by: .test)
            _ = try await installation.lifecycle.delete("acme", by: .test)
            #expect(try await rows().isEmpty)
        }
    }

    @Test("Two processes with their loops running admit one allowance between them") func processes() async throws {
        try await withInstallation { here in
            let there = testInstallation(here.settings)
            try await there.start()
            let tenant = UUID()
            let rates = Rates(["api_per_day": 60])
            var admitted = 0
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await here.rates.run() }
                group.addTask { await there.rates.run() }
                for round in 0..<200 {
                    let limiter = round.isMultiple(of: 2) ? here.rates : there.rates
                    if await limiter.decide(tenant: tenant, credential: UUID(), rates: rates, cost: 1).wait == nil { admitted += 1 }
                }
                group.cancelAll()
                try await group.waitForAll()
            }
            await there.close()

            #expect((58...61).contains(admitted), "\(admitted)")
        }
    }
}
