import Foundation
import Postgres
import Support
import Testing

@testable import Tenancy

/// The table of states, held against what the database really does.
@Suite("Every verb on a tenant in every state") struct LifecycleTableTests {
    @Test("changes it as the table says, changes nothing, or is refused and changes nothing", arguments: TenantState.allCases)
    func table(state: TenantState) async throws {
        try await withInstallation { installation in
            for verb in TenantVerb.allCases where verb != .open {
                let slug = "t-\(verb.rawValue.replacing("_", with: "-"))"
                _ = try await installation.provisioning.provision(.sample(slug), by: .test)
                try await installation.put(slug, in: state)
                let before = try #require(try await installation.directory.find(slug: slug))

                let result = await Result { try await Self.say(verb, to: slug, installation.lifecycle) }

                let after = try #require(try await installation.directory.find(slug: slug))
                let actions = try await installation.audit.entries(target: slug, limit: 10).map(\.action)
                switch TenantStateTests.expected[state]?[verb] ?? .forbidden {
                case .changes:
                    let told = try result.get()
                    #expect(TenantVerb.transitions[verb]?.to.contains(after.state) == true, "\(verb) in \(state) led to \(after.state)")
                    #expect(told.state == after.state && after.changedAt > before.changedAt)
                    #expect(actions == [verb.rawValue, "provision"])
                    let known = after.state == .deleted ? nil : after.state
                    #expect(installation.directory.known(slug: slug)?.state == known)
                case .isAlreadyThere:
                    #expect(try result.get().state == state)
                    #expect(after == before && actions == ["provision"])
                case .forbidden:
                    #expect(throws: TenancyError.transitionForbidden(verb, from: state)) { try result.get() }
                    #expect(after == before && actions == ["provision"])
                }
            }
        }
    }

    @Test("A tenant that is open already is not opened again, whatever its state", arguments: TenantState.allCases)
    func open(state: TenantState) async throws {
        try await withInstallation { installation in
            _ = try await installation.provisioning.provision(.sample("acme"), by: .test)
            try await installation.put("acme", in: state)

            let again = await Result { try await installation.provisioning.provision(.sample("acme"), by: .test) }

            let after = try #require(try await installation.directory.find(slug: "acme"))
            switch state {
            case .provisioning: #expect(after.state == .active)
            case .deleted: #expect(throws: TenancyError.slugTaken("acme")) { try again.get() }
            default: #expect(try after.state == state && !again.get().isNew)
            }
        }
    }

    private static func say(_ verb: TenantVerb, to slug: String, _ lifecycle: Lifecycle) async throws -> Tenant {
        switch verb {
        case .open: throw TenancyError.unknownTenant(slug)
        case .markPastDue: try await lifecycle.markPastDue(slug, by: .test)
        case .markPaid: try await lifecycle.markPaid(slug, by: .test)
        case .suspend: try await lifecycle.suspend(slug, by: .test)
        case .resume: try await lifecycle.resume(slug, by: .test)
        case .scheduleDeletion: try await lifecycle.scheduleDeletion(slug, after: .seconds(86_400), by: .test)
        case .cancelDeletion: try await lifecycle.cancelDeletion(slug, by: .test)
        case .delete: try await lifecycle.delete(slug, by: .test)
        }
    }
}

extension Result where Failure == any Error {
    init(_ work: () async throws -> Success) async {
        do { self = .success(try await work()) } catch { self = .failure(error) }
    }
}
