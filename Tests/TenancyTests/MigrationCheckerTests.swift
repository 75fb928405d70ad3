import Schema
import Testing

@testable import Tenancy

@Suite struct MigrationCheckerTests {
    @Test("The real migrations obey the rules") func realFiles() {
        let files = SchemaFiles.embedded
        #expect(MigrationChecker.findings(in: files.control + files.cell + files.tenant).map(\.description) == [])
        #expect(files.tenant.latest >= 1 && files.cell.latest >= 1 && files.control.latest >= 3)
    }

    /// A second file of the scope after one that makes the table `people`.
    private func findings(_ text: String, scope: String = "tenant") -> [MigrationChecker.Finding] {
        MigrationChecker.findings(in: [
            SchemaFile(scope: scope, name: "0001-start", text: "-- why\nCREATE TABLE people (id uuid PRIMARY KEY, name text);"),
            SchemaFile(scope: scope, name: "0002-later", text: text.hasPrefix("--") ? text : "-- why\n" + text),
        ])
    }

    @Test(
        "What would hurt a running installation is refused, with what to write instead",
        arguments: [
            ("CREATE INDEX people_name ON people (name)", "CREATE INDEX CONCURRENTLY"),
            ("create unique index people_name on only people (name)", "CREATE INDEX CONCURRENTLY"),
            ("CREATE INDEX CONCURRENTLY people_name ON people (name)", "outside a transaction"),
            ("-- outside a transaction: why\nUPDATE people SET name = 'x'", "can be done again"),
            ("-- outside a transaction: why\nCREATE INDEX CONCURRENTLY ON people (name)", "can be done again"),
            ("ALTER TABLE people ALTER COLUMN name TYPE varchar(10)", "add a column of the new type"),
            ("ALTER TABLE people ALTER name SET DATA TYPE varchar(10)", "add a column of the new type"),
            ("ALTER TABLE people ALTER COLUMN name SET NOT NULL", "CHECK (name IS NOT NULL) NOT VALID"),
            ("ALTER TABLE people ADD COLUMN a integer NOT NULL", "constant DEFAULT"),
            ("ALTER TABLE people ADD COLUMN a integer, ADD b integer NOT NULL", "constant DEFAULT"),
            ("ALTER TABLE people ADD COLUMN a uuid DEFAULT gen_random_uuid()", "fill it in batches"),
            ("ALTER TABLE people ADD COLUMN a timestamptz NOT NULL DEFAULT clock_timestamp()", "fill it in batches"),
            ("ALTER TABLE people ADD COLUMN a text GENERATED ALWAYS AS (name || 'x') STORED", "in batches"),
            ("ALTER TABLE people ADD COLUMN a integer CHECK (a > 0)", "NOT VALID"),
            ("ALTER TABLE people ADD COLUMN a text UNIQUE", "CREATE UNIQUE INDEX CONCURRENTLY"),
            ("ALTER TABLE people ADD CONSTRAINT people_boss FOREIGN KEY (boss) REFERENCES people", "NOT VALID"),
            ("ALTER TABLE people ADD CONSTRAINT people_named CHECK (name <> '')", "NOT VALID"),
            ("ALTER TABLE people ADD CHECK (name <> '') NOT VALID", "Name the constraint"),
            ("ALTER TABLE people ADD CONSTRAINT people_name_unique UNIQUE (name)", "USING INDEX"),
            (
                "ALTER TABLE people ADD CONSTRAINT people_name_required CHECK (name IS NOT NULL) NOT VALID;\nALTER TABLE people VALIDATE CONSTRAINT people_name_required;\nALTER TABLE people ALTER COLUMN name SET NOT NULL",
                "VALIDATE CONSTRAINT in a later file"
            ),
            ("ALTER TABLE people VALIDATE CONSTRAINT people_named", "VALIDATE CONSTRAINT in a later file"),
            ("-- outside a transaction: why\nALTER TABLE people VALIDATE CONSTRAINT a, ADD COLUMN b text", "can be done again"),
            ("CREATE TABLE IF NOT EXISTS people (id uuid);\nCREATE INDEX people_name ON people (name)", "CREATE INDEX CONCURRENTLY"),
            ("CREATE UNLOGGED TABLE IF NOT EXISTS people (id uuid);\nALTER TABLE people DROP COLUMN name", "contract:"),
            ("ALTER TABLE people DROP COLUMN name", "contract:"),
            ("ALTER TABLE people DROP name", "contract:"),
            ("ALTER TABLE people RENAME COLUMN name TO title", "contract:"),
            ("ALTER TABLE people RENAME TO persons", "contract:"),
            ("-- why\n-- contract:\nALTER TABLE people DROP COLUMN name", "contract:"),
            ("DROP TABLE people", "contract:"),
            ("TRUNCATE people", "contract:"),
            ("LOCK TABLE people IN ACCESS EXCLUSIVE MODE", "locks everyone out"),
            ("CLUSTER people", "locks everyone out"),
            ("SELECT 1 FROM t_acme.people", "No schema names"),
            ("SELECT 1 FROM \"t_acme\".people", "No schema names"),
            ("SELECT 1 FROM s_1f2e3d4c.people", "No schema names"),
            ("CREATE TABLE public.other (id uuid)", "No schema names"),
            ("CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS $$ SELECT 1; $$", "SQL/cell"),
            ("CREATE OR REPLACE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'", "SQL/cell"),
            ("CREATE TRIGGER t BEFORE INSERT ON people EXECUTE FUNCTION f()", "SQL/cell"),
            ("CREATE SEQUENCE numbers", "uuid version 7"),
            ("CREATE TABLE other (id bigserial PRIMARY KEY)", "uuid version 7"),
            ("CREATE TABLE other (id bigint GENERATED ALWAYS AS IDENTITY)", "uuid version 7"),
            ("CREATE TYPE mood AS ENUM ('sad', 'happy')", "CHECK"),
            ("CREATE DOMAIN mood AS text", "CHECK"),
            ("DO $$ BEGIN CREATE TABLE x (id uuid); END $$", "DO block"),
            ("GRANT SELECT ON people TO PUBLIC", "not a tenant's business"),
            ("BEGIN", "leave out BEGIN"),
            ("SET lock_timeout = 0", "SET LOCAL"),
        ])
    func bad(text: String, advice: String) {
        let problems = findings(text)
        #expect(problems.contains { $0.problem.contains(advice) }, "\(problems)")
        #expect(problems.allSatisfy { $0.file == "tenant/0002-later" })
    }

    @Test(
        "What is safe is allowed",
        arguments: [
            "CREATE TABLE other (id uuid PRIMARY KEY, name text NOT NULL CHECK (name <> ''));\nCREATE INDEX other_name ON other (name);",
            "CREATE UNLOGGED TABLE other (id uuid PRIMARY KEY, name text);\nCREATE INDEX other_name ON other (name);",
            "ALTER TABLE people ADD COLUMN a integer",
            "ALTER TABLE people ADD COLUMN a integer NOT NULL DEFAULT 0, ADD COLUMN b timestamptz NOT NULL DEFAULT now()",
            "ALTER TABLE people ADD COLUMN a numeric(19, 4) NOT NULL DEFAULT 0",
            "ALTER TABLE people ADD COLUMN boss uuid REFERENCES people",
            "ALTER TABLE people ADD CONSTRAINT people_named CHECK (name <> '') NOT VALID",
            "ALTER TABLE people ADD CONSTRAINT people_name_unique UNIQUE USING INDEX people_name_unique",
            "ALTER TABLE people ALTER COLUMN name DROP NOT NULL, ALTER COLUMN name SET DEFAULT 'x', DROP CONSTRAINT people_named",
            "-- contract: nothing reads it since 1.4\nALTER TABLE people DROP COLUMN name",
            "-- outside a transaction: people is in use\nCREATE INDEX CONCURRENTLY IF NOT EXISTS people_name ON people (name);\nDROP INDEX CONCURRENTLY IF EXISTS old",
            "-- outside a transaction: people is in use\nALTER TABLE people VALIDATE CONSTRAINT people_named",
            "UPDATE people SET name = 'BEGIN; DROP TABLE people' WHERE name = $$ALTER TABLE people DROP COLUMN name; -- x$$",
            "/* DROP TABLE people; /* nested */ */ INSERT INTO people VALUES (E'it\\'s; t_x.y', 1)",
            "CREATE TABLE other (id uuid, boss uuid);\nALTER TABLE other ADD CONSTRAINT other_boss CHECK (boss <> id) NOT VALID;\nALTER TABLE other VALIDATE CONSTRAINT other_boss",
        ])
    func good(text: String) {
        #expect(findings(text).map(\.description) == [])
    }

    @Test("A column becomes required in three files: its CHECK, the reading of all rows, the mark") func required() {
        func findings(_ files: String...) -> [String] {
            let start = "-- why\nCREATE TABLE people (id uuid PRIMARY KEY, name text);"
            return MigrationChecker.findings(
                in: ([start] + files).enumerated().map { SchemaFile(scope: "tenant", name: "000\($0 + 1)-step", text: $1) }
            ).map(\.problem)
        }
        let check = "-- why\nALTER TABLE people ADD CONSTRAINT people_name_required CHECK (name IS NOT NULL) NOT VALID"
        let reading = "-- outside a transaction: why\nALTER TABLE people VALIDATE CONSTRAINT people_name_required"
        let mark = "-- why\nALTER TABLE people ALTER COLUMN name SET NOT NULL"

        #expect(findings(check, reading, mark) == [])
        #expect(findings(check, mark).count == 1)
    }

    @Test("Where every file is a transaction, a constraint is validated in one that does nothing else to its table") func validatedAlone() {
        let adding = "ALTER TABLE people ADD CONSTRAINT people_named CHECK (name <> '') NOT VALID"
        let validating = "ALTER TABLE people VALIDATE CONSTRAINT people_named"

        #expect(findings(validating, scope: "control").map(\.description) == [])
        for text in ["\(adding);\n\(validating)", "\(adding), VALIDATE CONSTRAINT people_named"] {
            #expect(findings(text, scope: "control").map(\.problem) == [AlterTableRule.validatesUnderLock], "\(text)")
        }
    }

    @Test("Shared functions live in the cell; one that acts for its owner names its path") func definers() {
        let body = "CREATE FUNCTION f() RETURNS integer LANGUAGE sql SECURITY DEFINER"
        #expect(findings(body + " AS 'SELECT 1'", scope: "cell").contains { $0.problem.contains("search_path") })
        #expect(findings(body + " SET search_path FROM CURRENT AS 'SELECT 1'", scope: "cell").isEmpty)
    }

    @Test("Files are numbered without a gap, named by purpose and say why") func naming() {
        func problems(_ name: String, _ text: String) -> [String] {
            MigrationChecker.findings(in: [SchemaFile(scope: "tenant", name: name, text: text)]).map(\.problem)
        }
        #expect(problems("0001-start", "-- why\n") == [])
        #expect(problems("0002-start", "-- why\n").count == 1)
        #expect(problems("1-start", "-- why\n").count == 1)
        #expect(problems("0001_start", "-- why\n").count == 1)
        #expect(problems("0001-start", "CREATE TABLE x (id uuid)").count == 1)
    }

    @Test("A script falls apart into its statements, whatever quotes they use") func statements() {
        let script = """
            -- first
            SELECT 'a;b', E'c\\';d', "e;""f", $1;
            /* second; */ CREATE FUNCTION f() AS $body$ SELECT $$x;y$$; $body$;
            ;
            SELECT 3
            """
        let statements = SQLStatement.all(in: script)
        #expect(statements.map(\.text).map { $0.prefix(15) } == ["SELECT 'a;b', E", "CREATE FUNCTION", "SELECT 3"])
        #expect(statements.map(\.comments) == [["first"], ["second;"], []])
        #expect(statements[0].tokens == ["select", "'", ",", "'", ",", "\"e;\"f", ",", "$", "1"])
    }
}
