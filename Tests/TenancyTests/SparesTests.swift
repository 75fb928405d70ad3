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
                """
            ).map { try $0.text(0).replacing(schema + ".", with: "") }.sorted()
        }
    }

    /// Whose the schema is, as `\dn+` shows it.
    static func label(_ schema: String, _ installation: Installation, in cell: String = "main") async throws -> String? {
        try await installation.cells.named(cell).owner.transaction { transaction in
            try transaction.rows("SELECT obj_description(to_regnamespace(\(schema)), 'pg_namespace')")[0].optionalText(0)
        }
    }

    /// The rows of the catalogue that connections keep in memory, with the transaction that wrote each.
    static func catalogue(_ installation: Installation) async throws -> [String] {
        let superuser = PipelinePool(
            ConnectionSettings(url: try TestCluster.superuserURL(of: installation.settings.ownerURL)),
            PoolSettings(name: "superuser", connections: 1))
        let answers = try await superuser.run(
            Unit([
                """
                SELECT concat_ws(' ', 'schema', oid, nspname, nspowner, nspacl, xmin) FROM pg_namespace
                UNION ALL SELECT concat_ws(' ', 'relation', oid, relname, relacl, xmin) FROM pg_class
                UNION ALL SELECT concat_ws(' ', 'role', oid, rolname, xmin) FROM pg_authid WHERE rolname IN (SELECT role FROM cell.spares)
                UNION ALL
                SELECT concat_ws(' ', 'membership', roleid, member, xmin) FROM pg_auth_members
                WHERE roleid IN (SELECT to_regrole(role) FROM cell.spares) OR member IN (SELECT to_regrole(role) FROM cell.spares)
                ORDER BY 1
                """
            ]))
        await superuser.close()
        return try answers[0].map { try $0.text(0) }
    }

    @Test("Taking one changes nothing that connections keep of the catalogue, so that nobody plans again") func quiet() async throws {
        try await withInstallation { installation in
            while try await Self.keeper(installation, wanted: 1).work() {}
            let before = try await Self.catalogue(installation)

            let tenant = try await installation.provisioning.provision(.sample("acme"), by: .test).tenant

            #expect(before.contains { $0.hasPrefix("schema ") && $0.contains(tenant.schema) })
            #expect(before.contains { $0.hasPrefix("role ") && $0.contains(tenant.role) })
            #expect(try await Self.catalogue(installation) == before)
        }
    }

    @Test("A crash after one was taken and before the directory knows: whoever places the order again finds it under its own names")
    func resumed() async throws {
        struct Crash: Error {}
        try await withInstallation { installation in
            while try await Self.keeper(installation, wanted: 2).work() {}
            var dying = installation.provisioning
            dying.afterStep = { if $0 == .built { throw Crash() } }
            let provisioning = dying
            await #expect(throws: Crash.self) { try await provisioning.provision(.sample("acme"), by: .test) }
            #expect(try await Self.counts(installation) == [1, 1])
            #expect(try await installation.directory.find(slug: "acme")?.schema == "t_acme")
            let other = testInstallation(installation.settings)
            try await other.start()

            let tenant = try await other.provisioning.provision(.sample("acme"), by: .test).tenant

            #expect(try await Self.counts(other) == [1, 1])
            let written = try await other.cells.named("main").owner.transaction {
                let row = try $0.rows("SELECT schema, role FROM cell.tenants")[0]
                return SchemaNames(schema: try row.text(0), role: try row.text(1))
            }
            #expect(tenant.schema == written.schema && tenant.role == written.role && written.schema.hasPrefix("s_"))
            #expect(tenant.namespace == "\(written.schema)@\(tenant.schemaVersion)")
            #expect(try await other.directory.scope(for: tenant).rows("SELECT current_user")[0].text(0) == written.role)
            try await installation.directory.refresh()
            #expect(installation.directory.known(slug: "acme") == tenant)
            #expect(try await other.isolation.run().failures == [])
            await other.close()
        }
    }

    @Test("An order that is given up after one was taken leaves neither its schema nor its role") func givenUp() async throws {
        struct Crash: Error {}
        try await withInstallation { installation in
            while try await Self.keeper(installation, wanted: 1).work() {}
            var dying = installation.provisioning
            dying.afterStep = { if $0 == .built { throw Crash() } }
            let provisioning = dying
            await #expect(throws: Crash.self) { try await provisioning.provision(.sample("acme"), by: .test) }

            _ = try await installation.lifecycle.delete("acme", by: .test)

            let left = try await installation.cells.named("main").owner.transaction {
                try $0.rows(
                    """
                    SELECT 1 FROM cell.spares JOIN pg_namespace ON nspname = schema
                    UNION ALL SELECT 1 FROM cell.spares JOIN pg_roles ON rolname = role
                    """
                ).count
            }
            #expect(left == 0)
            while try await Self.keeper(installation, wanted: 0).work() {}
            #expect(try await Self.counts(installation) == [0, 0])
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
            #expect(found.schema.wholeMatch(of: /s_[0-9a-f]{8}/) != nil && found.role == found.schema && found.state == .active)
            #expect(try await Self.label(found.schema, installation) == "found")
            #expect(try await Self.label(made.schema, installation) == "made")
            let shape = try await Self.shape(found.schema, installation)
            #expect(shape.count > 400)
            #expect(try await Self.shape(made.schema, installation) == shape)
            let row = try await installation.directory.scope(for: found).rows("SELECT current_user, current_schema, count(*) FROM users")[0]
            #expect(try row.text(0) == found.role && row.text(1) == found.schema)
            #expect(try await installation.isolation.run().failures == [])
            #expect(try await installation.migrate() == MigrationReport())
        }
    }

    @Test("A tenant that took one keeps its names, and its schema says whose it is, when its rows are replaced and when it moves")
    func kept() async throws {
        try await withDatabase { second in
            try await withInstallation { installation in
                while try await Self.keeper(installation, wanted: 1).work() {}
                let tenant = try await installation.provisioning.provision(.sample("acme"), by: .test).tenant
                _ = try await installation.cellList.add(name: "eu1", url: second, by: .test)

                let refilled = try await installation.provisioning.refill(
                    tenant, schemaVersion: tenant.schemaVersion, by: .test, fill: { _ in }, beforeOpening: { _ in })
                let label = try await Self.label(tenant.schema, installation)
                let moved = try await installation.relocation.move("acme", to: "eu1", by: .test) { _ in NoRows() }

                #expect(tenant.schema.hasPrefix("s_") && label == "acme")
                #expect(refilled.namespace == tenant.namespace && moved.namespace == tenant.namespace)
                #expect(moved.cell == "eu1" && moved.role == tenant.role)
                #expect(try await Self.label(tenant.schema, installation, in: "eu1") == "acme")
                #expect(try await Self.label(tenant.schema, installation) == nil)
                #expect(try await installation.directory.scope(for: moved).rows("SELECT current_user")[0].text(0) == tenant.role)
                #expect(try await installation.isolation.run().failures == [])
                // The owner leaves the role, and the former cell knows nothing of it any more.
                while try await Self.keeper(installation, wanted: 0).work() {}
                #expect(try await Self.counts(installation) == [0, 0])
            }
        }
    }

    /// A tenant without rows on its way.
    private struct NoRows: RelocatedRows {
        mutating func copy(from source: borrowing Reading, into target: borrowing Assembly) async throws {}
        mutating func catchUp(from source: borrowing Assembly, into target: borrowing Assembly, since horizon: Int) async throws -> Bool {
            true
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
