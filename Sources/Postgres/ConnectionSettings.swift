import CLibPQ
import Glibc

/// Where a server is and how to speak with it.
///
/// `url` is anything libpq understands (libpq manual 34.1.1): a `postgresql://` URL or a conninfo string, with several hosts,
/// `target_session_attrs`, `sslmode`, `sslrootcert` and the rest. It passes through untouched, so TLS is exactly what it says:
/// `sslmode=verify-full` (or `verify-ca`, `require`) never falls back to a plain connection. Where nobody says a mode, a server beyond this
/// machine is reached with `require`: libpq's own default, `prefer`, goes on in the clear without a word.
package struct ConnectionSettings: Sendable {
    /// A URL or conninfo string, as above.
    package var url: String
    /// Overrides the password of the URL, so that a secret need not stand in it.
    package var password: String?
    /// Overrides the user of the URL.
    package var user: String?
    /// What `pg_stat_activity` shows, unless the URL names another.
    package var applicationName: String
    /// How long one host is tried; libpq counts whole seconds and at least 2. A `connect_timeout` in the URL wins.
    package var connectTimeout: Duration
    /// The schema in which names are looked up until a transaction says another; nil: as the server has it.
    package var searchPath: String?

    /// Everything but the URL has a default.
    package init(
        url: String, password: String? = nil, user: String? = nil, applicationName: String = "tenantry",
        connectTimeout: Duration = .seconds(5)
    ) {
        self.url = url
        self.password = password
        self.user = user
        self.applicationName = applicationName
        self.connectTimeout = connectTimeout
    }

    /// Whether the URL insists on a server that takes writes: a connection that turns read-only then met a fail-over.
    var insistsOnWriting: Bool {
        ["read-write", "primary"].contains(said("target_session_attrs", or: "PGTARGETSESSIONATTRS") ?? "")
    }

    /// Keywords and values for `PQconnectdbParams`, where a later one wins: our defaults, the URL, what must hold.
    ///
    /// `startsSession` sends settings for the session with the connection's first packet: ISO dates and UTC, whatever the server's
    /// default. A pooler in between may refuse such packets; `Row.date` understands any offset but needs ISO dates.
    func parameters(startsSession: Bool) -> [(keyword: String, value: String)] {
        var parameters = [
            ("fallback_application_name", applicationName),
            ("connect_timeout", String(max(2, connectTimeout.components.seconds))),
            // A server that vanished without a word is noticed within a minute.
            ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"), ("tcp_user_timeout", "30000"),
            ("dbname", url),
            ("client_encoding", "UTF8"),
        ]
        if let mode = presumedMode() { parameters.append(("sslmode", mode)) }
        if let user { parameters.append(("user", user)) }
        if let password { parameters.append(("password", password)) }
        if startsSession {
            let own = said("options", or: "PGOPTIONS") ?? ""
            let path = searchPath.map { "-c search_path=\($0) " } ?? ""
            parameters.append(("options", "-c DateStyle=ISO -c TimeZone=UTC " + path + own))
        }
        return parameters
    }

    /// Whether libpq can read the URL. Its own words about one that it cannot would repeat the URL, with the password in it.
    var isReadable: Bool {
        // Anything else is the name of a database.
        guard url.contains("=") || url.hasPrefix("postgresql://") || url.hasPrefix("postgres://") else { return true }
        guard let parsed = PQconninfoParse(url, nil) else { return false }
        PQconninfoFree(parsed)
        return true
    }

    /// The `sslmode` where neither the URL nor the environment says one and the server may be on another machine; nil leaves it to them. A
    /// service of libpq's own file speaks for itself.
    func presumedMode(_ environment: (String) -> String? = ConnectionSettings.environment) -> String? {
        func said(_ keyword: String, _ variable: String) -> String? { option(keyword) ?? environment(variable) }
        guard said("sslmode", "PGSSLMODE") == nil, said("service", "PGSERVICE") == nil else { return nil }
        func list(_ text: String?) -> [Substring] { (text ?? "").split(separator: ",", omittingEmptySubsequences: false) }
        let (addresses, names) = (list(said("hostaddr", "PGHOSTADDR")), list(said("host", "PGHOST")))
        // Both are lists, and one server has a place in each: its name is asked for where its address is empty (libpq manual 34.1.1.3).
        let servers = (0..<max(addresses.count, names.count)).map { place in
            let address = place < addresses.count ? addresses[place] : ""
            return address.isEmpty && place < names.count ? names[place] : address
        }
        guard !servers.allSatisfy(Self.isHere) else { return nil }
        // The system's authorities may be used for nothing less (libpq manual 34.1.2).
        return said("sslrootcert", "PGSSLROOTCERT") == "system" ? "verify-full" : "require"
    }

    /// Whether it is a socket or a loopback address: nobody is in between.
    private static func isHere(_ host: Substring) -> Bool {
        host.isEmpty || host.hasPrefix("/") || host.hasPrefix("@") || host.lowercased() == "localhost" || host == "::1"
            || (host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." })
    }

    static func environment(_ variable: String) -> String? { getenv(variable).map { String(cString: $0) } }

    /// What the URL, or else the environment, says about a keyword.
    private func said(_ keyword: String, or variable: String) -> String? { option(keyword) ?? Self.environment(variable) }

    /// What the URL says about a keyword.
    private func option(_ keyword: String) -> String? {
        if let parsed = PQconninfoParse(url, nil) {
            defer { PQconninfoFree(parsed) }
            var entry = parsed
            while let name = entry.pointee.keyword {
                if String(cString: name) == keyword, let value = entry.pointee.val { return String(cString: value) }
                entry += 1
            }
        }
        return nil
    }
}
