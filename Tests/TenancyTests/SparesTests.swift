import Foundation
import Postgres
import Synchronization
import Testing

@testable import Tenancy

@Suite("Schemas that stand ready for tenants to come") struct SparesTests {
    static func keeper(_ installation: Installation, wanted: Int) -> SparesKeeper {
        SparesKeeper(
            control: installation.control, cells: installation.cells, wanted: wanted, files: installation.settings.schema.tenant,
            locks: installation.settings.locks)
    }

    /// How many are ready, how many wait for the owner to leave their role.
    static func counts(_ installation: Installation) async throws -> [Int] {
        try await installation.cells.named("main").owner.transaction(preamble: [TenantScript.asOwner], namespace: Cell.schema) {
            transaction in
            let row = try transaction.rows(
                "SELECT count(*) FILTER (WHERE taken_at IS NULL), count(*) FILTER (WHERE taken_at IS NOT NULL) FROM spares")[0]
            return [try row.int(0), try row.int(1)]
        }
    }

    /// Every relation of a schema with its columns, and every constraint: what two schemas must have in common.
    static func shape(_ schema: String, _ installation: Installation) async throws -> [String] {
        try await installation.cells.named("main").owner.transaction { transaction in
            try transaction.rows(
                """
                SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull
                FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
                WHERE c.relnamespace = to_regnamespace(\(schema)) AND a.attnum > 0
                UNION ALL
                SELECT conrelid::regclass::text || ' ' || conname || ' ' || pg_get_constraintdef(oid)
                FROM pg_constraint WHERE connamespace = to_regnamespace(\(schema))
                ORDER BY 1
                """
            ).map { try $0.text(0).replacing(schema + ".", with: "") }
        }
    }

    @Test("A tenant that finds one ready is as one that was made for the order, and another of the same names finds nothing") func same()
        async throws
    {
        try await withInstallation { installation in
            let made = try await installation.provisioning.provision(.sample("made"), by: .test).tenant
            let keeper = Self.keeper(installation, wanted: 1)
            #expect(try await keeper.work())
            #expect(try await Self.counts(installation) == [1, 0])

            let found = try await installation.provisioning.provision(.sample("found"), by: .test).tenant

            #expect(try await Self.counts(installation) == [0, 1])
            #expect(found.schema == "t_found" && found.state == .active)
            let shape = try await Self.shape(found.schema, installation)
            #expect(shape.count > 400)
            #expect(try await Self.shape(made.schema, installation) == shape)
            let row = try await installation.directory.scope(for: found).rows("SELECT current_user, current_schema, count(*) FROM users")[0]
            #expect(try row.text(0) == found.role && row.text(1) == "t_found")
            #expect(try await installation.isolation.run().failures == [])
            #expect(try await installation.migrate() == MigrationReport())
        }
    }

    @Test("They are made until enough are ready, by one process at a time, and the owner leaves the roles of those that were taken")
    func refill() async throws {
        try await withInstallation { installation in
            let keeper = Self.keeper(installation, wanted: 3)
            try await withThrowingTaskGroup { group in
                for _ in 0..<8 { group.addTask { while try await keeper.work() {} } }
                try await group.waitForAll()
            }
            #expect(try await Self.counts(installation) == [3, 0])
            let tenant = try await installation.provisioning.provision(.sample("acme"), by: .test).tenant
            _ = try await installation.provisioning.provision(.sample("gone"), by: .test)
            _ = try await installation.lifecycle.scheduleDeletion("gone", after: .zero, by: .test)
            _ = try await installation.lifecycle.delete("gone", by: .test)
            func isMember() async throws -> Bool {
                try await installation.cells.named("main").owner.transaction {
                    try $0.rows("SELECT pg_has_role(current_user, \(tenant.role), 'MEMBER')")[0].bool(0)
                }
            }
            #expect(try await isMember())

            while try await keeper.work() {}

            #expect(try await Self.counts(installation) == [3, 0])
            #expect(try await !isMember())
        }
    }

    @Test("Twelve orders at once with five ready: every tenant is its own, whichever way it came") func crowd() async throws {
        try await withInstallation { installation in
            let keeper = Self.keeper(installation, wanted: 5)
            while try await keeper.work() {}

            try await withThrowingTaskGroup { group in
                for number in 0..<12 {
                    group.addTask { _ = try await installation.provisioning.provision(.sample("firm-\(number)"), by: .test) }
                }
                group.addTask { while try await keeper.work() {} }
                try await group.waitForAll()
            }

            var roles: Set<String> = []
            for number in 0..<12 {
                let tenant = try #require(installation.directory.known(slug: "firm-\(number)"))
                let row = try await installation.directory.scope(for: tenant).rows("SELECT current_user, count(*) FROM users")[0]
                roles.insert(try row.text(0))
            }
            #expect(roles.count == 12)
            #expect(try await installation.isolation.run().failures == [])
        }
    }

    /// PostgreSQL keeps one list of a login's roles per session. One that is made while a grant commits can miss it, the likelier the longer it
    /// is, and then a new tenant's role is denied to the requests of its own people (42501).
    @Test("A role that was granted a moment ago is taken on, whatever list of roles the session keeps") func roleLists() async throws {
        try await withInstallation { installation in
            let cell = try installation.cells.named("main")
            let login = cell.cell.loginRole
            let names = (0..<500).map { "\(login)_list_\($0)" }
            func grant(_ names: some Sequence<String>) async throws {
                let list = names.map { "CREATE ROLE \($0); GRANT \($0) TO \(login);" }.joined()
                try await cell.owner.transaction { try $0.script(list) }
            }
            let granted = Granted()
            try await grant(names[..<300])
            granted.count.store(300, ordering: .relaxed)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        while granted.count.load(ordering: .relaxed) < names.count {
                            let role = names[granted.count.load(ordering: .relaxed) - 1]
                            let unit = Unit([SQL("SELECT set_config('role', \(role), true)").prepared(.shared), "SELECT current_user"])
                            let taken = try await cell.api.run(unit)[1][0].text(0)
                            #expect(taken == role)
                        }
                    }
                }
                group.addTask {
                    defer { granted.count.store(names.count, ordering: .relaxed) }
                    for number in 300..<names.count {
                        try await grant([names[number]])
                        granted.count.store(number + 1, ordering: .relaxed)
                    }
                }
                try await group.waitForAll()
            }
            let list = names.joined(separator: ", ")
            try await cell.owner.transaction { try $0.script("DROP ROLE \(list)") }
        }
    }

    /// How many of the roles are there.
    private final class Granted: Sendable {
        let count = Atomic(0)
    }

    @Test("One that an older program made is given to nobody, and goes") func outdated() async throws {
        try await withInstallation { installation in
            while try await Self.keeper(installation, wanted: 1).work() {}
            let newer = MigrationTests.newer(installation, MigrationTests.later("-- a test\nCREATE TABLE later (id uuid PRIMARY KEY);"))
            _ = try await newer.migrate()
            try await newer.start()

            let tenant = try await newer.provisioning.provision(.sample("acme"), by: .test).tenant

            #expect(try await newer.directory.scope(for: tenant).rows("SELECT id FROM later").isEmpty)
            #expect(try await Self.counts(newer) == [1, 0])
            while try await Self.keeper(newer, wanted: 0).work() {}
            #expect(try await Self.counts(newer) == [0, 0])
            await newer.close()
        }
    }

    @Test("An order that ends before it is written leaves the spare one ready") func crash() async throws {
        struct Crash: Error {}
        try await withInstallation { installation in
            while try await Self.keeper(installation, wanted: 1).work() {}
            var dying = installation.provisioning
            dying.afterStep = { step in if step == .filled { throw Crash() } }
            let provisioning = dying
            await #expect(throws: Crash.self) { try await provisioning.provision(.sample("acme"), by: .test) }
            #expect(try await Self.counts(installation) == [1, 0])

            let again = try await installation.provisioning.provision(.sample("acme"), by: .test)

            #expect(again.isNew)
            #expect(try await Self.counts(installation) == [0, 1])
        }
    }

    @Test("No more are made than the cell has room for") func room() async throws {
        try await withInstallation { installation in
            _ = try await installation.provisioning.provision(.sample("acme"), by: .test)
            try await installation.byHand("UPDATE control.cells SET tenant_limit = 2")

            while try await Self.keeper(installation, wanted: 8).work() {}

            #expect(try await Self.counts(installation) == [1, 0])
        }
    }
}
