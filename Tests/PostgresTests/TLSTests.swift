import Foundation
import Glibc
import Postgres
import Testing

/// Encrypted connections, and no others.
@Suite(.serialized) struct TLSTests {
    @Test("verify-full connects to the right server, and to no other") func verifyFull() async throws {
        try await withTLS { cluster, port, certificates in
            let right = url(port, host: "db.test", mode: "verify-full", root: certificates + "/ca.pem")
            try await withPipeline(.test("tls", connections: 2), to: right) { pool in
                let answers = try await withThrowingTaskGroup(of: String.self) { group in
                    for number in 0..<50 {
                        let filler = String(decoding: [UInt8](repeating: 120, count: number * 10_000), as: UTF8.self)
                        group.addTask {
                            let unit = Unit(["SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", "SELECT \(filler)::text"])
                            let rows = try await pool.run(unit, preferring: number)
                            return try rows[1][0].text(0) == filler ? try rows[0][0].text(0) : "another"
                        }
                    }
                    return try await group.reduce(into: Set()) { $0.insert($1) }
                }
                #expect(answers == ["t"])
                #expect(pool.figures.encrypted == pool.figures.connections)
            }
            let answer = try await withExclusive(.test("tls", connections: 1), to: right) { pool in
                try await pool.transaction { try $0.rows("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")[0].bool(0) }
            }
            #expect(answer)

            try await expectUnreachable(url(port, host: "other.test", mode: "verify-full", root: certificates + "/ca.pem"), "other.test")
            try await expectUnreachable(
                url(port, host: "db.test", mode: "verify-full", root: certificates + "/other-ca.pem"), "certificate")
        }
    }

    @Test("Where TLS is asked for there is no falling back", arguments: ["require", "verify-ca", "verify-full"])
    func noFallback(mode: String) async throws {
        try await withTLS { cluster, port, certificates in
            try await withPipeline(.test("off", connections: 1), to: cluster.connection()) { pool in
                _ = try await pool.run(Unit(["ALTER SYSTEM SET ssl = off"]))
                _ = try await pool.run(Unit(["SELECT pg_reload_conf()"]))
                // Asked anew each time, as only new sessions know the new setting for certain.
                try await until {
                    try await withPipeline(.test("new", connections: 1), to: cluster.connection()) {
                        try await $0.run(Unit(["SHOW ssl"]))[0][0].text(0) == "off"
                    }
                }
            }
            let plain = url(port, host: "db.test", mode: "disable", root: certificates + "/ca.pem")
            try await withPipeline(.test("plain", connections: 1), to: plain) { pool in
                _ = try await pool.run(Unit(["SELECT 1"]))
                #expect(pool.figures.encrypted == 0)
            }
            try await expectUnreachable(url(port, host: "db.test", mode: mode, root: certificates + "/ca.pem"), "SSL")
        }
    }

    private func expectUnreachable(_ connection: ConnectionSettings, _ word: String) async throws {
        let error = await refusal {
            try await withPipeline(.test("refused", connections: 1) { $0.waitDeadline = .seconds(1) }, to: connection) {
                _ = try await $0.run(Unit(["SELECT 1"]))
            }
        }
        guard case .unreachable(let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains(word), "\(reason)")
    }

    private func url(_ port: Int, host: String, mode: String, root: String) -> ConnectionSettings {
        ConnectionSettings(
            url: "host=\(host) hostaddr=127.0.0.1 port=\(port) user=postgres dbname=postgres sslmode=\(mode) sslrootcert=\(root)")
    }

    /// A server with a certificate for `db.test` on a port of its own; and two authorities, of which the first has signed it.
    private func withTLS(_ body: (PrivateCluster, Int, String) async throws -> Void) async throws {
        let port = try freePort()
        let configuration = "listen_addresses = '127.0.0.1'\nssl = on\nssl_cert_file = 'server.pem'\nssl_key_file = 'server.key'"
        try await withCluster(PrivateCluster(configuration, port: port)) { cluster in
            let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
            for authority in ["ca", "other-ca"] {
                try await cluster.openssl(
                    [
                        "req", "-x509", "-subj", "/CN=\(authority)", "-keyout", "\(cluster.home)/\(authority).key", "-out",
                        "\(cluster.home)/\(authority).pem",
                    ] + key)
            }
            try await cluster.openssl(
                [
                    "req", "-x509", "-CA", "\(cluster.home)/ca.pem", "-CAkey", "\(cluster.home)/ca.key", "-subj", "/CN=db.test", "-addext",
                    "subjectAltName=DNS:db.test", "-keyout", "\(cluster.data)/server.key", "-out", "\(cluster.data)/server.pem",
                ] + key)
            try await cluster.start()
            try await body(cluster, port, cluster.home)
        }
    }

    /// A port that nobody uses now.
    private func freePort() throws -> Int {
        struct NoPort: Error {}
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 && getsockname(socket, $0, &length) == 0
            }
        }
        guard isBound else { throw NoPort() }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}

extension PrivateCluster {
    fileprivate func openssl(_ arguments: [String]) async throws {
        try await asServer(["/usr/bin/openssl"] + arguments)
    }
}
