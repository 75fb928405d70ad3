import Foundation
import Postgres
import Testing

@testable import Tenancy

@Suite struct IsolationTests {
    @Test("Without the scope every way to a tenant's table is closed, by name or by qualified name") func forgottenScope() async throws {
        try await withInstallation { installation in
            let tenant = try await installation.tenantWithMarks("acme")
            let cell = try installation.cells.named("main")
            for (statement, state) in [
                ("SELECT * FROM marks", SQLState.undefinedTable),
                ("SELECT * FROM \(tenant.schema).marks", .insufficientPrivilege),
                ("UPDATE \(tenant.schema).marks SET hits = 1", .insufficientPrivilege),
                ("SELECT * FROM cell.tenants", .insufficientPrivilege),
                ("SELECT * FROM control.tenants", .insufficientPrivilege),
                ("CREATE TABLE own (id integer)", "3F000"),
                ("CREATE TABLE public.own (id integer)", .insufficientPrivilege),
                ("CREATE TEMP TABLE own (id integer)", .insufficientPrivilege),
                ("CREATE SCHEMA own", .insufficientPrivilege),
                ("SELECT cell.append_audit('x')", .insufficientPrivilege),
            ] {
                let sql = SQL(code: statement).prepared(.none)
                await expectRefusal(state, "run: \(statement)") { _ = try await cell.api.run(Unit([sql])) }
                await expectRefusal(state, "transaction: \(statement)") { _ = try await cell.work.transaction { try $0.rows(sql).count } }
                await expectRefusal(state, "attempt: \(statement)") {
                    _ = try await cell.work.transaction { transaction in
                        if let refusal = try transaction.attempt([sql]).refusal { throw PostgresError.refused(refusal) }
                        return 0
                    }
                }
                await expectRefusal(state, "script: \(statement)") {
                    _ = try await cell.work.transaction { transaction in
                        try transaction.script(statement)
                        return 0
                    }
                }
                await expectRefusal(state, "outside: \(statement)") { try await cell.work.outsideTransaction([sql]) }
                await expectRefusal(state, "assembling: \(statement)") {
                    try await cell.work.assembling { assembly in _ = try await assembly.rows([sql]) }
                }
                if statement.hasPrefix("SELECT") {
                    let copy = SQL(code: "COPY (\(statement)) TO STDOUT")
                    await expectRefusal(state, "reading: \(statement)") {
                        try await cell.work.reading { reading in _ = try await reading.rows([sql]) }
                    }
                    await expectRefusal(state, "streaming what is read: \(statement)") {
                        try await cell.work.reading { reading in try await reading.stream(sql) { _ in } }
                    }
                    await expectRefusal(state, "copying out what is read: \(statement)") {
                        try await cell.work.reading { reading in try await reading.copyOut(copy) { _ in } }
                    }
                    await expectRefusal(state, "copying out of an assembly: \(statement)") {
                        try await cell.work.assembling { assembly in try await assembly.copyOut(copy) { _ in } }
                    }
                    await expectRefusal(state, "stream: \(statement)") { try await cell.work.stream(sql) { _ in } }
                    await expectRefusal(state, "copy out: \(statement)") { try await cell.work.copyOut(copy) { _ in } }
                }
            }
            for (table, state) in [("marks", SQLState.undefinedTable), ("\(tenant.schema).marks", .insufficientPrivilege)] {
                let copy = SQL(code: "COPY \(table) FROM STDIN")
                let line = Array("1\tx\t0\n".utf8)
                await expectRefusal(state, "copy in: \(table)") { _ = try await cell.work.copyIn(copy, from: Chunks([line])) }
                await expectRefusal(state, "copy in within a transaction: \(table)") {
                    _ = try await cell.work.transaction { transaction in try transaction.copyIn(copy) { put in try put(line) } }
                }
                await expectRefusal(state, "copy into an assembly: \(table)") {
                    try await cell.work.assembling { assembly in try await assembly.beginCopy(copy) }
                }
            }
        }
    }

    @Test("The directory cannot lead two tenants to one schema or role, and one that it leads astray is found") func astray() async throws {
        try await withInstallation { installation in
            let acme = try await installation.provisioning.provision(.sample("acme"), by: .test).tenant
            let other = try await installation.provisioning.provision(.sample("other"), by: .test).tenant
            for change: SQL in [
                "UPDATE tenants SET schema_name = \(acme.schema) WHERE slug = 'other'",
                "UPDATE tenants SET role_name = \(acme.role) WHERE slug = 'other'",
            ] {
                await expectRefusal(.uniqueViolation, "\(change)") { _ = try await installation.control.rows(change, isRepeatable: false) }
            }
            #expect(try await installation.isolation.run().failures == [])

            // A row of the directory that is older than the schema, from a backup for instance.
            try await installation.byHand(
                "UPDATE control.tenants SET schema_name = 't_former', changed_at = clock_timestamp() WHERE slug = 'other'")
            try await installation.directory.load()

            #expect(
                try await installation.isolation.run().failures
                    == ["main: The directory leads other to t_former as \(other.role), where it does not live."])
        }
    }

    @Test("The way to what a cell has for all its tenants leads into no tenant's schema") func cellScope() async throws {
        try await withInstallation { installation in
            let tenant = try await installation.tenantWithMarks("acme")
            let cell = try installation.cells.scope(of: "main")

            #expect(try await cell.rows("SELECT count(*) FROM tenants")[0].int(0) == 1)
            for (statement, state) in [
                ("SELECT * FROM marks", SQLState.undefinedTable),
                ("SELECT * FROM \(tenant.schema).marks", .insufficientPrivilege),
                ("SELECT * FROM \(tenant.schema).users", .insufficientPrivilege),
                ("INSERT INTO \(tenant.schema).marks (id, owner) VALUES (21, 'x')", .insufficientPrivilege),
                ("UPDATE \(tenant.schema).marks SET hits = 1", .insufficientPrivilege),
                ("DELETE FROM \(tenant.schema).marks", .insufficientPrivilege),
                ("CREATE TABLE \(tenant.schema).own (id integer)", .insufficientPrivilege),
                ("SELECT set_config('role', '\(tenant.role)', true)", .insufficientPrivilege),
            ] {
                let sql = SQL(code: statement).prepared(.none)
                await expectRefusal(state, statement) { _ = try await cell.rows(sql) }
                await expectRefusal(state, statement) { _ = try await cell.run(["SELECT 1", sql]) }
            }
        }
    }

    @Test("With its scope a tenant reaches its own tables by every method, and its neighbour's by none") func scope() async throws {
        try await withInstallation { installation in
            let acme = try await installation.directory.scope(for: installation.tenantWithMarks("acme"))
            let other = try await installation.tenantWithMarks("other")

            #expect(try await acme.rows("SELECT DISTINCT owner FROM marks")[0].text(0) == "acme")
            #expect(
                try await acme.run(["UPDATE marks SET hits = 1 WHERE id = 1", "SELECT hits FROM marks WHERE id = 1"])[1][0].int(0) == 1)
            #expect(try await acme.transaction { try $0.rows("SELECT DISTINCT owner FROM marks")[0].text(0) } == "acme")
            var streamed: [String] = []
            try await acme.stream("SELECT owner FROM marks", batch: 7) { rows in streamed += try rows.map { try $0.text(0) } }
            #expect(streamed == Array(repeating: "acme", count: 20))
            #expect(try await acme.copyIn("COPY marks (id, owner) FROM STDIN", from: Chunks([Array("21\tacme\n".utf8)])) == 1)
            var copied = 0
            try await acme.copyOut("COPY marks TO STDOUT") { copied += $0.count { $0 == UInt8(ascii: "\n") } }
            #expect(copied == 21)

            for statement in ["SELECT * FROM \(other.schema).marks", "DELETE FROM \(other.schema).marks", "SELECT * FROM cell.tenants"] {
                let sql = SQL(code: statement).prepared(.none)
                await expectRefusal(.insufficientPrivilege, statement) { _ = try await acme.run([sql]) }
                await expectRefusal(.insufficientPrivilege, statement) { _ = try await acme.transaction { try $0.rows(sql).count } }
            }
        }
    }

    @Test("After each kind of work the connection is nobody's again, also when it failed") func nothingStays() async throws {
        try await withInstallation {
            $0.api.connections = 1
            $0.work.connections = 1
        } _: { installation in
            let tenant = try await installation.tenantWithMarks("acme")
            let scope = try installation.directory.scope(for: tenant)
            let cell = try installation.cells.named("main")
            func expectNobody() async throws {
                let question: SQL = "SELECT current_user, current_setting('search_path')"
                let piped = try await cell.api.run(Unit([question]))[0][0]
                #expect(try piped.text(0) == cell.cell.loginRole)
                #expect(try piped.text(1) == "\"\"")
                #expect(try await cell.work.transaction { try $0.rows(question)[0].text(0) } == cell.cell.loginRole)
            }
            _ = try await scope.rows("SELECT 1 FROM marks")
            try await expectNobody()
            await expectRefusal("22012", "division") { _ = try await scope.rows("SELECT 1 / 0") }
            try await expectNobody()
            await expectRefusal(.queryCanceled, "time limit") {
                _ = try await scope.limited(to: .milliseconds(20)).rows("SELECT pg_sleep(5)")
            }
            try await expectNobody()
            _ = try await scope.transaction { try $0.rows("SELECT 1 FROM marks").count }
            await expectRefusal("22012", "division") { _ = try await scope.transaction { try $0.rows("SELECT 1 / 0").count } }
            try await scope.stream("SELECT 1 FROM marks") { _ in }
            try await expectNobody()
        }
    }

    @Test("Behind a pooler that lends a connection for a transaction nothing is prepared, and everything holds") func withoutPreparing()
        async throws
    {
        try await withInstallation {
            $0.api.preparesStatements = false
            $0.work.preparesStatements = false
            $0.control.preparesStatements = false
            $0.migration.preparesStatements = false
        } _: { installation in
            for slug in ["acme", "other"] {
                let scope = try await installation.directory.scope(for: installation.tenantWithMarks(slug))
                for _ in 0..<3 { #expect(try await scope.rows("SELECT DISTINCT owner FROM marks")[0].text(0) == slug) }
                #expect(try await scope.transaction { try $0.rows("SELECT DISTINCT owner FROM marks")[0].text(0) } == slug)
                let kept = try await scope.rows("SELECT count(*) FROM pg_prepared_statements")[0].int(0)
                #expect(kept == 0)
            }
            #expect(try await installation.isolation.run().failures == [])
        }
    }

    @Test("A refusal counts the caller's own statements") func statementNumbers() async throws {
        try await withInstallation { installation in
            let scope = try await installation.directory.scope(for: installation.tenantWithMarks("acme"))
            let error = await #expect(throws: PostgresError.self) { _ = try await scope.run(["SELECT 1", "SELECT 1 / 0"]) }
            #expect(error?.refusal?.statement == 1)
        }
    }

    @Test("The isolation check finds nothing in a fresh installation, and every right given away by hand") func check() async throws {
        try await withInstallation { installation in
            let acme = try await installation.tenantWithMarks("acme")
            let other = try await installation.tenantWithMarks("other")
            #expect(try await installation.isolation.run() == IsolationCheck.Report(probed: 6, failures: []))

            for (gift, taken) in [
                ("GRANT USAGE ON SCHEMA \(acme.schema) TO \(other.role)", "REVOKE USAGE ON SCHEMA \(acme.schema) FROM \(other.role)"),
                ("GRANT SELECT ON \(acme.schema).users TO PUBLIC", "REVOKE SELECT ON \(acme.schema).users FROM PUBLIC"),
                ("GRANT \(acme.role) TO \(other.role)", "REVOKE \(acme.role) FROM \(other.role)"),
                ("GRANT USAGE ON SCHEMA public TO PUBLIC", "REVOKE USAGE ON SCHEMA public FROM PUBLIC"),
                ("GRANT SELECT ON cell.tenants TO PUBLIC", "REVOKE SELECT ON cell.tenants FROM PUBLIC"),
                ("ALTER ROLE \(acme.role) CREATEDB", "ALTER ROLE \(acme.role) NOCREATEDB"),
            ] {
                try await installation.byHand(gift)
                let failures = try await installation.isolation.run().failures
                #expect(!failures.isEmpty, "\(gift)")
                try await installation.byHand(taken)
            }
            #expect(try await installation.isolation.run().failures == [])
        }
    }
}

/// Expects the server to refuse with this state.
func expectRefusal(_ state: SQLState, _ what: String, _ work: () async throws -> Void) async {
    do {
        try await work()
        Issue.record("\(what): not refused")
    } catch let error as PostgresError {
        #expect(error.refusal?.state == state, "\(what): \(error)")
    } catch {
        Issue.record("\(what): \(error)")
    }
}

/// Chunks for COPY.
struct Chunks: AsyncSequence, Sendable {
    let all: [[UInt8]]

    init(_ all: [[UInt8]]) { self.all = all }

    struct AsyncIterator: AsyncIteratorProtocol {
        var rest: ArraySlice<[UInt8]>
        mutating func next() async throws -> [UInt8]? { rest.popFirst() }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(rest: all[...]) }
}
