import Foundation

/// The folder that holds `initdb`, `pg_ctl`, `postgres` and `psql` of one version.
struct ServerPrograms: Sendable {
    let folder: String
    /// The major version, as in 15.
    let version: Int

    /// The newest that Debian's packages have installed, else what the search path holds.
    /// Throws a sentence that names the package to install.
    static func find(
        packages: String = "/usr/lib/postgresql", searchPath: String = ProcessInfo.processInfo.environment["PATH"] ?? ""
    ) throws(LocalClusterError) -> ServerPrograms {
        let versions = ((try? FileManager.default.contentsOfDirectory(atPath: packages)) ?? [])  // none: nothing is installed there
            .compactMap { Int($0) }.sorted(by: >)
        for version in versions {
            let folder = "\(packages)/\(version)/bin"
            if isComplete(folder) { return try accepted(folder, version) }
        }
        for folder in searchPath.split(separator: ":").map(String.init) where isComplete(folder) {
            // initdb on the path may be a link into the folder of its version; pg_ctl needs its neighbours.
            return try accepted(folder, nil)
        }
        throw LocalClusterError(
            """
            No PostgreSQL server is installed here. Install it with
                apt-get install postgresql-15
            or name a database of your own: -- database_url=postgresql://...
            """)
    }

    func path(_ program: String) -> String { "\(folder)/\(program)" }

    private static func isComplete(_ folder: String) -> Bool {
        ["initdb", "pg_ctl", "postgres", "psql"].allSatisfy { FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)") }
    }

    private static func accepted(_ folder: String, _ version: Int?) throws(LocalClusterError) -> ServerPrograms {
        if let version, version < 15 {
            throw LocalClusterError(
                "PostgreSQL \(version) in \(folder) is too old; Tenantry needs 15 or newer: apt-get install postgresql-15")
        }
        return ServerPrograms(folder: folder, version: version ?? 15)
    }
}
