/// One thing a migration must not do, with what to write instead.
struct MigrationRule: Sendable {
    /// Where it counts.
    let isFor: @Sendable (MigrationPlace) -> Bool
    /// What is wrong with a statement there; nothing when it is fine.
    let problems: @Sendable (SQLStatement, MigrationPlace) -> [String]

    static let all: [MigrationRule] = everywhere + inTenants + laterFiles

    // MARK: In every file

    private static let everywhere: [MigrationRule] = [
        rule(everyFile, "The migrator holds the transaction; leave out BEGIN, COMMIT and ROLLBACK.") { statement in
            ["begin", "commit", "rollback", "start", "end", "savepoint"].contains(statement.tokens.first)
        },
        rule(everyFile, "A setting would stay on the connection; leave it out, or write SET LOCAL.") { statement in
            ["set", "reset", "discard"].contains(statement.tokens.first) && !statement.begins(with: "set", "local")
        },
        rule(everyFile, "No schema names in migrations: the search path decides where a statement acts.") { statement in
            zip(statement.tokens, statement.tokens.dropFirst()).contains { name, sign in
                sign == "."
                    && (["control", "cell", "public"].contains(name.unquoted) || ["t_", "s_"].contains { name.unquoted.hasPrefix($0) })
            }
        },
        rule({ $0.file.runsOutsideTransaction }, concurrently) { statement in
            let isAllowed =
                statement.begins(with: "drop", "index", "concurrently")
                || (statement.createdIndex != nil && statement.contains("concurrently"))
                || (AlterTable(statement)?.onlyValidates ?? false)
            return !isAllowed
        },
        rule({ !$0.file.runsOutsideTransaction }, "CONCURRENTLY needs a file whose first line is `-- outside a transaction: <why>`.") {
            statement in
            statement.contains("concurrently") && (statement.begins(with: "create") || statement.begins(with: "drop"))
        },
        rule({ !$0.isTenant }, "A SECURITY DEFINER function needs its own path: add SET search_path FROM CURRENT.") { statement in
            statement.contains("security", "definer") && !statement.contains("set", "search_path")
        },
    ]

    private static let concurrently =
        "A file outside a transaction holds only CREATE INDEX CONCURRENTLY name, DROP INDEX CONCURRENTLY and VALIDATE CONSTRAINT: they can be done again."

    // MARK: In a tenant's schema

    /// A thousand schemas in one database: every object counts a thousand times.
    private static let inTenants: [MigrationRule] = [
        rule(\.isTenant, "Shared functions, procedures and triggers live in SQL/cell; a tenant's schema has tables and indexes only.") {
            statement in
            statement.creates("function") || statement.creates("procedure") || statement.creates("trigger") || statement.creates("rule")
        },
        rule(\.isTenant, "No sequences: ids are uuid version 7, made by the program.") { statement in
            statement.creates("sequence") || statement.contains("as", "identity")
                || !Set(statement.tokens).isDisjoint(with: ["serial", "bigserial", "smallserial", "serial4", "serial8"])
        },
        rule(\.isTenant, "No types of its own: write text with a CHECK that names the words.") { statement in
            statement.creates("type") || statement.creates("domain")
        },
        rule(\.isTenant, "DDL stands as statements of its own, not in a DO block: a cell may be a Citus cluster.") { statement in
            statement.begins(with: "do")
        },
        rule(\.isTenant, "Roles, rights, schemas and extensions are not a tenant's business; see SQL/cell.") { statement in
            ["grant", "revoke"].contains(statement.tokens.first) || statement.creates("schema") || statement.creates("extension")
                || statement.creates("role")
        },
    ]

    // MARK: In files that meet tables in use

    private static let laterFiles: [MigrationRule] = [
        MigrationRule(isFor: { !$0.isFirst && !$0.file.runsOutsideTransaction }) { statement, place in
            guard let table = statement.indexedTable, !place.tables.isNew(table), !statement.contains("concurrently") else { return [] }
            return [
                "An index stops all writing while it is built: CREATE INDEX CONCURRENTLY, in a file whose first line is `-- outside a transaction: <why>`."
            ]
        },
        MigrationRule(isFor: { !$0.isFirst }) { statement, place in
            guard let alter = AlterTable(statement), !place.tables.isNew(alter.table) else { return [] }
            return alter.actions.flatMap { AlterTableRule.problems($0, of: alter.table, statement, place.tables) }
        },
        MigrationRule(isFor: { !$0.isFirst && !$0.file.runsOutsideTransaction }) { statement, place in
            guard let alter = AlterTable(statement), !place.tables.isNew(alter.table),
                alter.actions.contains(where: { $0.starts(with: ["validate", "constraint"]) })
            else { return [] }
            // Only tenants' files can run outside a transaction; elsewhere a file that does nothing else to the table holds no more than the
            // lock of VALIDATE, beside which everybody reads and writes.
            let isAlone = alter.onlyValidates && !place.tables.isAltered(alter.table)
            return place.isTenant || !isAlone ? [AlterTableRule.validatesUnderLock] : []
        },
        rule({ !$0.isFirst }, AlterTableRule.contract) { statement in
            (statement.begins(with: "drop", "table") || statement.begins(with: "truncate")
                || (statement.begins(with: "drop", "view") && !statement.contains("if", "exists"))
                || statement.begins(with: "drop", "schema")) && statement.contractReason == nil
        },
        rule({ !$0.isFirst }, "This locks everyone out: leave it away; each statement takes the lock it needs.") { statement in
            statement.begins(with: "lock") || statement.begins(with: "cluster") || statement.begins(with: "vacuum")
                || (statement.begins(with: "reindex") && !statement.contains("concurrently"))
        },
    ]

    private static let everyFile: @Sendable (MigrationPlace) -> Bool = { _ in true }

    private static func rule(
        _ isFor: @escaping @Sendable (MigrationPlace) -> Bool, _ problem: String, _ isBroken: @escaping @Sendable (SQLStatement) -> Bool
    ) -> MigrationRule {
        MigrationRule(isFor: isFor) { statement, _ in isBroken(statement) ? [problem] : [] }
    }
}

extension SQLStatement {
    /// `CREATE [OR REPLACE] [CONSTRAINT | TEMPORARY ...] thing`
    fileprivate func creates(_ thing: String) -> Bool {
        guard tokens.first == "create" else { return false }
        let noise: Set<String> = ["or", "replace", "constraint", "temp", "temporary", "unlogged", "global", "local", "trusted"]
        return tokens.dropFirst().first { !noise.contains($0) } == thing
    }
}
