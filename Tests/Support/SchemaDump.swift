import Foundation
import Tenancy

/// Everything that a tenant's schema and its cell's hold, as `pg_dump` writes it.
package enum SchemaDump {
    package struct Failed: Error, CustomStringConvertible {
        package let description: String
    }

    /// The rows of the tenant's tables and of the cell's, in an installation on the tests' cluster.
    package static func text(of scope: TenantScope, in installation: Installation) async throws -> String {
        guard var address = URLComponents(string: try TestHouse.superuserURL()),
            let database = URLComponents(string: installation.settings.ownerURL)
        else { throw Failed(description: "The cluster's address cannot be read.") }
        address.path = database.path
        let schema = try await scope.rows("SELECT current_schema()")[0].text(0)
        let file = FileManager.default.temporaryDirectory.appending(path: "dump-\(UUID().uuidString).sql")
        defer { try? FileManager.default.removeItem(at: file) }  // A leftover file harms nobody.
        let process = Process()
        process.executableURL = URL(filePath: try program())
        process.arguments = [
            "--dbname=\(address.string ?? "")", "--data-only", "--schema=\(schema)", "--schema=cell", "--file=\(file.path())",
        ]
        let status = try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        guard status == 0 else { throw Failed(description: "pg_dump ended with \(status).") }
        return try String(contentsOf: file, encoding: .utf8)
    }

    /// The newest that Debian's packages have installed, else what the search path holds.
    private static func program() throws -> String {
        let packages = "/usr/lib/postgresql"
        let versions = ((try? FileManager.default.contentsOfDirectory(atPath: packages)) ?? [])  // none: nothing is installed there
            .compactMap { Int($0) }.sorted(by: >)
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let found = (versions.map { "\(packages)/\($0)/bin" } + path).map { "\($0)/pg_dump" }
        guard let program = found.first(where: FileManager.default.isExecutableFile(atPath:)) else {
            throw Failed(description: "pg_dump is not installed.")
        }
        return program
    }
}
