import Testing

@testable import Tenancy

@Suite("Plans and entitlements") struct PlanTests {
    private static func terms(users: Int?, features: [String: Bool] = [:]) -> PlanTerms {
        PlanTerms(
            limits: users.map { ["users": $0] } ?? [:], rates: ["api_per_day": 10], features: features,
            price: PlanPrice(amount: "1.00", currency: "EUR"))
    }

    @Test("What was agreed wins over the plan; null takes a limit away") func overriding() throws {
        let plan = Entitlements(
            plan: PlanKey(name: "p", version: 1), limits: ["users": 3, "records": 5], rates: ["api_per_day": 10],
            features: ["own_brand": false])
        #expect(try Overrides(parsing: "{}") == .none)
        let overrides = try Overrides(parsing: #"{"limits": {"records": null, "users": 4}, "features": {"own_brand": true}}"#)

        #expect(overrides.text == #"{"limits":{"records":null,"users":4},"features":{"own_brand":true}}"#)
        #expect(try Overrides(parsing: overrides.text) == overrides)
        #expect(plan.overridden(by: overrides).limits == ["users": 4])
        #expect(plan.overridden(by: overrides).rates == ["api_per_day": 10])
        #expect(plan.overridden(by: overrides).allows(.ownBrand))
        #expect(throws: (any Error).self) { try Overrides(parsing: #"{"limits":{"users":"many"}}"#) }
    }

    @Test("A changed built-in plan comes as a new version; what an operator has made of one stays") func takeOver() async throws {
        try await withInstallation { installation in
            var settings = installation.settings
            settings.plans = ["gold": Self.terms(users: 5), "silver": Self.terms(users: 2)]
            let first = testInstallation(settings)
            #expect(try await !first.migrator.isUpToDate())
            _ = try await first.migrate()
            #expect(try await first.migrator.isUpToDate())
            _ = try await first.migrate()
            #expect(try await first.plans.versions(of: "gold").map(\.key.version) == [1])
            _ = try await first.plans.put("silver", Self.terms(users: 7), by: .test)

            settings.plans = ["gold": Self.terms(users: 6), "silver": Self.terms(users: 2)]
            let second = testInstallation(settings)
            _ = try await second.migrate()

            #expect(try await second.plans.versions(of: "gold").map(\.limits) == [["users": 6], ["users": 5]])
            #expect(try await second.plans.versions(of: "silver").map(\.limits) == [["users": 7], ["users": 2]])
            let audit = try await second.audit.entries(target: "gold", limit: 10)
            #expect(audit.map(\.action) == ["put_plan", "put_plan"] && audit[0].actor == "system")
            await first.close()
            await second.close()
        }
    }

    @Test("Of many who put the same plan at once one makes the version") func puttingAtOnce() async throws {
        try await withInstallation { installation in
            let made = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<8 { group.addTask { try await installation.plans.put("gold", Self.terms(users: 5), by: .test).isNew } }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }

            #expect(made == 1)
            #expect(try await installation.plans.versions(of: "gold").count == 1)
        }
    }

    @Test("A change of plan, to a version made a moment before, is in force in every process within two seconds")
    func everywhere() async throws {
        try await withInstallation { installation in
            let slug = "plan-everywhere"
            _ = try await installation.provisioning.provision(.sample(slug), by: .test)
            let other = testInstallation(installation.settings)
            try await other.start()
            let running = Task { await other.run() }
            _ = try await installation.plans.put("gold", Self.terms(users: 5), by: .test)

            let began = ContinuousClock.now
            _ = try await installation.lifecycle.changePlan(of: slug, to: PlanChange(plan: "gold"), by: .test)
            while try other.directory.known(slug: slug).map({ try other.directory.entitlements(of: $0).limits }) != ["users": 5] {
                try #require(ContinuousClock.now - began < .seconds(2))
                await Task.yield()
            }
            let tenant = try #require(other.directory.known(slug: slug))

            #expect(try other.directory.scope(for: tenant).entitlements.rates == ["api_per_day": 10])
            running.cancel()
            await running.value
            await other.close()
        }
    }

    @Test("What is limited more tightly is remembered until the tenant is within its limits") func tightening() async throws {
        try await withInstallation { installation in
            let slug = "plan-tight"
            let lifecycle = installation.lifecycle
            _ = try await installation.provisioning.provision(.sample(slug), by: .test)
            func change(_ limits: [String: Int?]) async throws -> Set<String> {
                try await lifecycle.changePlan(
                    of: slug, to: PlanChange(plan: "unlimited", overrides: Overrides(limits: limits)), by: .test
                ).tightened
            }
            // From the plan `free`.
            #expect(try await change(["users": 2, "records": 5_000, "records.contacts": 9]) == ["users", "records.contacts"])
            #expect(try await change(["users": 9, "records": 4_000, "records.contacts": nil]) == ["users", "records"])
            let tenant = try #require(try await installation.directory.find(slug: slug))
            try await lifecycle.relax(tenant, except: ["records"])

            #expect(try await installation.directory.find(slug: slug)?.tightened == ["records"])
            _ = try await change([:])
            try await lifecycle.relax(tenant, except: ["users"])
            #expect(try await installation.directory.find(slug: slug)?.tightened == [])
        }
    }

    @Test("Nobody changes the plan of a tenant that is not there, or to one that is not there") func refusals() async throws {
        try await withInstallation { installation in
            _ = try await installation.provisioning.provision(.sample("plan-none"), by: .test)

            await #expect(throws: TenancyError.unknownPlan("gold")) {
                _ = try await installation.lifecycle.changePlan(of: "plan-none", to: PlanChange(plan: "gold"), by: .test)
            }
            await #expect(throws: TenancyError.unknownPlanVersion("free", 7)) {
                _ = try await installation.lifecycle.changePlan(of: "plan-none", to: PlanChange(plan: "free", version: 7), by: .test)
            }
            await #expect(throws: TenancyError.unknownTenant("plan-nobody")) {
                _ = try await installation.lifecycle.changePlan(of: "plan-nobody", to: PlanChange(plan: "free"), by: .test)
            }
        }
    }
}
