import CLibPQ
import Glibc

/// Opening a connection.
enum Dial {
    /// A new connection that sits idle in blocking mode. Blocks for name lookup, TLS and authentication of each host in turn:
    /// only for a thread that may wait. (`PQconnectPoll` would leave the timeout, and going on to the next host after it, to us.)
    static func connect(_ settings: ConnectionSettings, startsSession: Bool) throws(PostgresError) -> OpaquePointer {
        let parameters = settings.parameters(startsSession: startsSession)
        // A NUL would end the text early, for C: half a password, another host.
        guard parameters.allSatisfy({ !$0.value.utf8.contains(0) }) else { throw .unreachable("The connection settings contain a NUL.") }
        guard settings.isReadable else {
            throw .unreachable("The database URL cannot be read; it should look like postgresql://user@host/database.")
        }
        var keywords: [UnsafePointer<CChar>?] = parameters.map { UnsafePointer(strdup($0.keyword)) } + [nil]
        var values: [UnsafePointer<CChar>?] = parameters.map { UnsafePointer(strdup($0.value)) } + [nil]
        defer { for text in keywords + values { free(UnsafeMutablePointer(mutating: text)) } }

        guard let conn = PQconnectdbParams(&keywords, &values, 1) else { throw .unreachable("No memory for a connection.") }
        guard PQstatus(conn) == CONNECTION_OK else {
            let reason = message(of: conn)
            PQfinish(conn)
            throw .unreachable(reason)
        }
        // Notices are of no use to anyone here. One that comes while connecting still goes to standard error: libpq gives no earlier
        // moment to say so.
        PQsetNoticeProcessor(conn, { _, _ in }, nil)
        guard PQparameterStatus(conn, "DateStyle").map({ String(cString: $0).hasPrefix("ISO") }) ?? true else {
            PQfinish(conn)
            throw .unreachable("The server writes dates in another style than ISO; set DateStyle to ISO for this role.")
        }
        return conn
    }

    /// Whether the server has said that it is a standby, or read-only for everyone.
    static func takesNoWrites(_ conn: OpaquePointer) -> Bool {
        ["in_hot_standby", "default_transaction_read_only"].contains { (name: String) in
            PQparameterStatus(conn, name).map { String(cString: $0) == "on" } ?? false
        }
    }

    /// libpq's last words on a connection, on one line.
    static func message(of conn: OpaquePointer) -> String {
        let text = PQerrorMessage(conn).map { String(cString: $0) } ?? ""
        let lines = text.split(whereSeparator: \.isNewline)
        return lines.isEmpty ? "The connection broke." : lines.joined(separator: " ")
    }
}
