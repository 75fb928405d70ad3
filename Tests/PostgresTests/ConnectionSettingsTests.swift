import Testing

@testable import Postgres

@Suite struct ConnectionSettingsTests {
    private func mode(_ url: String, _ environment: [String: String] = [:]) -> String? {
        ConnectionSettings(url: url).presumedMode { environment[$0] }
    }

    @Test(
        "Over a network nothing falls back to a plain connection, unless somebody says so",
        arguments: [
            "postgresql://owner@db.example.com/tenantry", "postgres://db:5433/x", "host=10.0.0.7 dbname=x", "postgresql://[2001:db8::1]/x",
            "postgresql://one.example,two.example/x?target_session_attrs=read-write", "postgresql://localhost,db.example.com/x",
            "host=localhost hostaddr=10.0.0.7", "host=127.example.com", "postgresql:///x?host=db.example.com",
            // One of several is enough, and a name counts where its address is empty.
            "hostaddr=127.0.0.1,10.0.0.7", "host=/run/postgresql,db.example.com", "host=localhost,db.example.com hostaddr=127.0.0.1,",
            "host=db.example.com,localhost hostaddr=,127.0.0.1",
        ])
    func network(url: String) {
        #expect(mode(url) == "require")
        #expect(mode(url, ["PGSSLMODE": "prefer"]) == nil)
        #expect(mode(url, ["PGSERVICE": "crm"]) == nil)
        #expect(mode(url, ["PGSSLROOTCERT": "system"]) == "verify-full")
    }

    @Test(
        "What an address says of it, a socket, a loopback address and a service are left as they are",
        arguments: [
            "postgresql://db.example.com/x?sslmode=prefer", "host=db.example.com sslmode=disable", "postgresql://db/x?sslmode=verify-full",
            "postgresql://tenantry@/tenantry?host=/run/postgresql", "host=@abstract", "postgresql:///x", "x", "dbname=x",
            "postgresql://localhost/x", "postgresql://LOCALHOST:5433,[::1],127.0.1.1/x", "host=db.example.com hostaddr=127.0.0.1",
            "service=crm", "postgresql://db.example.com/x?service=crm", "hostaddr=127.0.0.1,::1", "host=/run/postgresql,localhost",
            "host=db.example.com,/run/postgresql hostaddr=127.0.0.1,",
        ])
    func left(url: String) {
        #expect(mode(url) == nil)
    }

    @Test("The environment may say which host it is") func environment() {
        #expect(mode("dbname=x", ["PGHOST": "db.example.com"]) == "require")
        #expect(mode("dbname=x", ["PGHOST": "/run/postgresql"]) == nil)
        #expect(mode("host=localhost", ["PGHOST": "db.example.com"]) == nil)
        #expect(mode("host=localhost", ["PGHOSTADDR": "10.0.0.7"]) == "require")
    }

    @Test("What is presumed is told to libpq, and nothing beside what the address says") func told() {
        func modes(_ url: String) -> [String] {
            ConnectionSettings(url: url).parameters(startsSession: true).filter { $0.keyword == "sslmode" }.map(\.value)
        }
        #expect(modes("host=db.example.com") == ["require"])
        #expect(modes("host=db.example.com sslmode=verify-ca") == [])
        #expect(modes("host=/tmp") == [])
    }
}
