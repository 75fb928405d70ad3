import Foundation
import Postgres
import Schema
import Synchronization
import Testing

@testable import Tenancy

@Suite struct MigrationTests {
    /// A migration of tenants that comes with a later release.
    static func later(_ text: String, name: String? = nil) -> SchemaFile {
        let number = String(format: "%04d", SchemaFiles.embedded.tenant.latest + 1)
        return SchemaFile(scope: "tenant", name: name ?? "\(number)-later", text: text)
    }

    /// The same installation with a newer program.
    static func newer(_ installation: Installation, _ files: SchemaFile..., change: (inout InstallationSettings) -> Void = { _ in })
        -> Installation
    {
        var settings = installation.settings
        settings.schema = settings.schema.adding(files)
        change(&settings)
        return testInstallation(settings)
    }

    @Test("A migration reaches every tenant, as the tenant's role, and a second run finds nothing to do with one query") func everyTenant()
        async throws
    {
        try await withInstallation { installation in
            for slug in ["alpha", "bravo", "charlie"] { _ = try await installation.tenantWithMarks(slug) }
            let newer = Self.newer(installation, Self.later("-- a test\nCREATE TABLE later (id uuid PRIMARY KEY);"))
            let progress = Progress()

            let report = try await newer.migrate { progress.note($0) }

            #expect(report == MigrationReport(done: 3))
            #expect(progress.all.map(\.done) == [1, 2, 3] && progress.all.allSatisfy { $0.total == 3 })
            let memberships = try await installation.cells.named("main").owner.transaction { transaction in
                try transaction.rows("SELECT 1 FROM cell.tenants WHERE pg_has_role(role, 'MEMBER')").count
            }
            #expect(memberships == 0)
            for tenant in newer.directory.tenants {
                #expect(tenant.schemaVersion == SchemaFiles.embedded.tenant.latest + 1)
                let owner = try await newer.directory.scope(for: tenant).rows(
                    "SELECT tableowner FROM pg_tables WHERE tablename = 'later' AND schemaname = current_schema")
                #expect(try owner[0].text(0) == tenant.role)
            }
            let before = newer.control.pipeline.figures.flushes
            #expect(try await newer.migrate() == MigrationReport())
            #expect(newer.control.pipeline.figures.flushes - before == 1)
            await newer.close()
        }
    }

    @Test("Words that were stored in halves are whole after the upgrade, in fields of the product and of the tenant") func wholeWords()
        async throws
    {
        let files = SchemaFiles.embedded
        let former = SchemaFiles(files.control + files.cell.filter { $0.number <= 10 } + files.tenant.filter { $0.number <= 20 })
        try await withInstallation {
            $0.schema = former
        } _: { installation in
            let tenant = try await installation.provisioning.provision(.sample("alpha"), by: .test).tenant
            let scope = try installation.directory.scope(for: tenant)
            func found(_ words: String) async throws -> Int {
                try await scope.rows("SELECT FROM companies WHERE search @@ cell.search_query(\(words))").count
                    + scope.rows(
                        "SELECT FROM companies WHERE cell.search_vector(left(coalesce(industry, ''), 5000)) @@ cell.search_query(\(words))"
                    ).count
            }
            _ = try await scope.run([
                """
                INSERT INTO companies (id, name, industry, created_by_type, updated_by_type)
                SELECT gen_random_uuid(), name, industry, 'system', 'system'
                FROM (VALUES ('Marvin Vale', 'Rivers'), ('Mar Inn', 'Rice')) AS rows (name, industry)
                """,
                "CREATE INDEX companies_industry_words ON companies USING gin (cell.search_vector(left(coalesce(industry, ''), 5000)))",
            ])
            #expect(try await found("marvin") == 2)

            var settings = installation.settings
            settings.schema = files
            let newer = testInstallation(settings)
            #expect(try await newer.migrate() == MigrationReport(done: 1))
            await newer.close()

            #expect(try await found("marvin") == 1)
            #expect(try await found("vale") == 1)
            #expect(try await found("v") == 1)
            #expect(try await found("rivers") == 1)
            #expect(try await found("mar") == 2)
        }
    }

    @Test("One tenant that fails is closed for maintenance, the others go on, and after mending the next run finishes") func quarantine()
        async throws
    {
        try await withInstallation { installation in
            for slug in ["alpha", "bravo", "charlie"] { _ = try await installation.tenantWithMarks(slug) }
            let bravo = try #require(installation.directory.known(slug: "bravo"))
            try await installation.byHand("CREATE TABLE \(bravo.schema).later (id integer)")
            let newer = Self.newer(installation, Self.later("-- a test\nCREATE TABLE later (id uuid PRIMARY KEY);"))

            let report = try await newer.migrate()

            #expect(report.done == 2 && !report.isComplete)
            #expect(report.failed.map(\.name) == ["bravo"])
            #expect(report.failed[0].reason.contains("later") && report.failed[0].reason.contains("42P07"))
            let closed = try #require(newer.directory.known(slug: "bravo"))
            #expect(closed.state == .active)
            #expect(throws: TenancyError.maintenance(slug: "bravo", reason: report.failed[0].reason)) {
                try newer.directory.scope(for: closed)
            }
            // The program that still runs hears of it too.
            try await installation.directory.refresh()
            #expect(installation.directory.known(slug: "bravo")?.quarantinedReason != nil)
            #expect(try await newer.migrator.pendingTenants() == 1)

            try await installation.byHand("DROP TABLE \(bravo.schema).later")
            #expect(try await newer.migrate() == MigrationReport(done: 1))
            let open = try #require(newer.directory.known(slug: "bravo"))
            #expect(try await newer.directory.scope(for: open).rows("SELECT 1 FROM later").isEmpty)
            await newer.close()
        }
    }

    @Test("A file that fails halfway leaves nothing of itself, and what ran before it stays") func atomicity() async throws {
        try await withInstallation { installation in
            let tenant = try await installation.tenantWithMarks("acme")
            let next = SchemaFiles.embedded.tenant.latest
            let files = [
                Self.later("-- a test\nCREATE TABLE first (id integer);", name: String(format: "%04d-first", next + 1)),
                Self.later("-- a test\nCREATE TABLE second (id integer); SELECT 1 / 0;", name: String(format: "%04d-second", next + 2)),
            ]
            let newer = Self.newer(installation, files[0], files[1])
            #expect(try await newer.migrate().failed.count == 1)
            let tables = try await installation.cells.named("main").owner.transaction { transaction in
                try transaction.rows(
                    "SELECT tablename FROM pg_tables WHERE schemaname = \(tenant.schema) AND tablename IN ('first', 'second')"
                ).map { try $0.text(0) }
            }
            #expect(tables == ["first"])
            await newer.close()
        }
    }

    @Test("A migration that meets a lock gives way at once and comes back until it gets through") func locks() async throws {
        try await withInstallation { installation in
            let tenant = try await installation.tenantWithMarks("acme")
            let newer = Self.newer(installation, Self.later("-- a test\nALTER TABLE marks ADD COLUMN note text;"))
            let cell = try installation.cells.named("main")
            let (attempts, attempt) = AsyncStream.makeStream(of: Void.self)
            let (releases, release) = AsyncStream.makeStream(of: Void.self)
            try await withThrowingTaskGroup { group in
                group.addTask {
                    // Holds the table until the migration stands in line for it.
                    let scope = try installation.directory.scope(for: tenant)
                    try await scope.stream("SELECT id FROM marks", batch: 1) { rows in
                        guard try rows[0].int(0) == 1 else { return }
                        attempt.yield()
                        for await _ in releases { break }
                    }
                }
                for await _ in attempts { break }
                group.addTask {
                    let report = try await newer.migrate()
                    #expect(report == MigrationReport(done: 1))
                }
                // A reader that comes while the migration waits is not held up for long.
                try await wait(upTo: .seconds(20)) {
                    try await cell.owner.transaction { transaction in
                        try !transaction.rows(
                            """
                            SELECT 1 FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation
                            WHERE NOT l.granted AND c.relname = 'marks' AND c.relnamespace::regnamespace::text = \(tenant.schema)
                            """
                        ).isEmpty
                    }
                }
                #expect(try await installation.directory.scope(for: tenant).rows("SELECT 1 FROM marks").count == 20)
                release.finish()
                try await group.waitForAll()
            }
            await newer.close()
        }
    }

    @Test("Two migrators at once do everything once") func twoMigrators() async throws {
        try await withInstallation { installation in
            for number in 0..<6 { _ = try await installation.tenantWithMarks("acme-\(number)") }
            let file = Self.later("-- a test\nCREATE TABLE later (id uuid PRIMARY KEY);")
            let (one, two) = (Self.newer(installation, file), Self.newer(installation, file))
            async let first = one.migrate()
            async let second = two.migrate()
            let reports = try await [first, second]
            #expect(reports.allSatisfy { $0.isComplete })
            let cell = try installation.cells.named("main")
            let rows = try await cell.owner.transaction {
                try $0.rows("SELECT count(*) FROM cell.tenant_migrations WHERE name LIKE '%later'")[0].int(0)
            }
            #expect(rows == 6)
            await one.close()
            await two.close()
        }
    }

    @Test("Memberships of the owner are begun and ended by many at once, and none is refused") func manyMemberships() async throws {
        try await withInstallation { installation in
            var tenants: [Tenant] = []
            for number in 0..<4 { tenants.append(try await installation.tenantWithMarks("acme-\(number)")) }
            let membership = OwnersMembership(tenants: tenants, cells: installation.cells, locks: LockPatience())
            try await withThrowingTaskGroup { group in
                for _ in 0..<6 {
                    group.addTask {
                        for _ in 0..<10 {
                            try await membership.begin()
                            try await membership.end()
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("Tenants from before names were written down keep theirs; a former program's new ones are named as it names them")
    func formerNames()
        async throws
    {
        try await withInstallation { installation in
            let tenant = try await installation.provisioning.provision(.sample("acme-eu"), by: .test).tenant
            _ = try await installation.provisioning.provision(.sample("gone"), by: .test)
            _ = try await installation.lifecycle.scheduleDeletion("gone", after: .zero, by: .test)
            let gone = try await installation.lifecycle.delete("gone", by: .test)
            let digits = { (tenant: Tenant) in tenant.id.uuidString.suffix(8).lowercased() }
            // As a former program has left it.
            for statement in [
                "DROP TRIGGER tenants_named ON control.tenants", "DROP FUNCTION control.name_tenant",
                "ALTER TABLE control.tenants DROP COLUMN schema_name, DROP COLUMN role_name",
                "DELETE FROM control.migrations WHERE number >= 12",
            ] { try await installation.byHand(statement) }
            let newer = testInstallation(installation.settings)

            #expect(try await newer.migrate() == MigrationReport())

            let found = try #require(try await newer.directory.find(slug: "acme-eu"))
            #expect(found == tenant)
            #expect(found.schema == "t_acme_eu" && found.role == "t_acme_eu_\(digits(tenant))")
            #expect(try await newer.directory.scope(for: found).rows("SELECT 1 FROM users").isEmpty)
            let left = try #require(try await newer.directory.find(slug: "gone"))
            #expect(left.schema == "t_gone" && left.role == "t_gone_\(digits(gone))")
            let unfinished = try await newer.control.rows(
                """
                SELECT conname FROM pg_constraint WHERE connamespace = 'control'::regnamespace AND conname LIKE 'tenants%name%' AND NOT convalidated
                UNION ALL
                SELECT indexrelid::regclass::text FROM pg_index
                WHERE indrelid = 'control.tenants'::regclass AND NOT (indisvalid AND indisready)
                """)
            #expect(unfinished.isEmpty)
            // What a former program says that still runs.
            let named = try await newer.control.rows(
                """
                INSERT INTO tenants (id, slug, name, cell, plan, plan_version, fingerprint, admin_id, admin_email)
                SELECT gen_random_uuid(), 'late-one', name, cell, plan, plan_version, fingerprint, gen_random_uuid(), admin_email
                FROM tenants WHERE slug = 'acme-eu' RETURNING schema_name, role_name = 't_late_one_' || right(id::text, 8)
                """, isRepeatable: false)
            #expect(try named[0].text(0) == "t_late_one" && named[0].bool(1))
            await newer.close()
        }
    }

    @Test("Two migrators at once make a fresh database an installation") func twoFounders() async throws {
        try await withDatabase { url in
            let founders = (0..<3).map { _ in testInstallation(InstallationSettings(ownerURL: url)) }
            try await withThrowingTaskGroup { group in
                for founder in founders {
                    group.addTask {
                        let isComplete = try await founder.migrate().isComplete
                        #expect(isComplete)
                    }
                }
                try await group.waitForAll()
            }
            for founder in founders { await founder.close() }
        }
    }

    @Test("An index is built beside running work; an invalid one that an interrupted attempt left is built anew") func concurrentIndex()
        async throws
    {
        try await withInstallation { installation in
            let alpha = try await installation.tenantWithMarks("alpha")
            let bravo = try await installation.tenantWithMarks("bravo")
            // What an interrupted CREATE INDEX CONCURRENTLY leaves: an invalid index.
            try await installation.byHand("CREATE INDEX marks_hits ON \(alpha.schema).marks (hits)")
            try await installation.byHand(
                "UPDATE pg_index SET indisvalid = false WHERE indexrelid = '\(alpha.schema).marks_hits'::regclass")
            let file = Self.later(
                """
                -- outside a transaction: people are working with marks; a test
                CREATE INDEX CONCURRENTLY IF NOT EXISTS marks_hits ON marks (hits);
                CREATE UNIQUE INDEX CONCURRENTLY marks_owner ON marks (owner, id) WHERE owner <> ';';
                """)
            let newer = Self.newer(installation, file)

            #expect(try await newer.migrate() == MigrationReport(done: 2))
            #expect(try await newer.migrate() == MigrationReport())

            for tenant in [alpha, bravo] {
                let valid = try await installation.cells.named("main").owner.transaction { transaction in
                    try transaction.rows(
                        """
                        SELECT c.relname, i.indisvalid, c.relowner::regrole::text FROM pg_class AS c JOIN pg_index AS i ON i.indexrelid = c.oid
                        WHERE c.relnamespace = \(tenant.schema)::regnamespace AND c.relname IN ('marks_hits', 'marks_owner') ORDER BY 1
                        """
                    ).map { row in "\(try row.text(0)) \(try row.bool(1)) \(try row.text(2))" }
                }
                #expect(valid == ["marks_hits true \(tenant.role)", "marks_owner true \(tenant.role)"])
            }
            await newer.close()
        }
    }

    @Test("A tenant that is provisioned later gets such a file in its one transaction") func concurrentFileAtProvisioning() async throws {
        try await withInstallation {
            $0.schema = $0.schema.adding([
                Self.later("-- outside a transaction: a test\nCREATE INDEX CONCURRENTLY contacts_concurrently ON contacts (title);")
            ])
        } _: { installation in
            let tenant = try await installation.provisioning.provision(.sample("acme"), by: .test).tenant
            let rows = try await installation.directory.scope(for: tenant).rows(
                "SELECT 1 FROM pg_indexes WHERE indexname = 'contacts_concurrently'")
            #expect(rows.count == 1)
            let isUpToDate = try await installation.migrator.isUpToDate()
            #expect(isUpToDate)
        }
    }

    @Test("Work goes on with the old shape of a table until the directory knows of the new one") func runningWork() async throws {
        try await withInstallation {
            $0.api.connections = 1
        } _: { installation in
            let tenant = try await installation.tenantWithMarks("acme")
            let scope = try installation.directory.scope(for: tenant)
            #expect(try await scope.rows("SELECT * FROM marks WHERE id = 1")[0].text(1) == "acme")
            let newer = Self.newer(installation, Self.later("-- a test\nALTER TABLE marks ADD COLUMN note text;"))
            #expect(try await newer.migrate() == MigrationReport(done: 1))
            // The prepared statement's plan no longer fits; that is mended without the caller noticing.
            #expect(try await scope.rows("SELECT * FROM marks WHERE id = 1")[0].text(1) == "acme")
            await newer.close()
        }
    }

    @Test("A cell that cannot be reached is named, and its tenants are left as they are") func unreachableCell() async throws {
        try await withDatabase { second in
            try await withInstallation { installation in
                _ = try await installation.cellList.add(name: "eu1", url: second, by: .test)
                var order = ProvisionRequest.sample("far")
                order.cell = "eu1"
                _ = try await installation.provisioning.provision(order, by: .test)
                _ = try await installation.provisioning.provision(.sample("near"), by: .test)
                _ = try await installation.control.run([
                    "UPDATE cells SET url = 'postgresql://tenantry@/x?host=/nonexistent' WHERE name = 'eu1'"
                ])
                let newer = Self.newer(installation, Self.later("-- a test\nCREATE TABLE later (id uuid PRIMARY KEY);"))

                let report = try await newer.migrate()

                #expect(report.failedCells.map(\.name) == ["eu1"])
                #expect(report.done == 1 && report.failed.isEmpty)
                #expect(newer.directory.known(slug: "far")?.quarantinedReason == nil)
                await newer.close()
            }
        }
    }
}

/// What a migration reported on its way.
private final class Progress: Sendable {
    private let notes = Mutex<[MigrationProgress]>([])

    var all: [MigrationProgress] { notes.withLock { $0 } }

    func note(_ progress: MigrationProgress) { notes.withLock { $0.append(progress) } }
}
