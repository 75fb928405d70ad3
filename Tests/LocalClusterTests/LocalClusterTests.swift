import Foundation
import Testing

@testable import LocalCluster

@Suite("A PostgreSQL of one's own", .serialized) struct LocalClusterTests {
    @Test("It starts, keeps what was written over a stop, and is reached as an owner without superuser's rights") func startAndStop()
        async throws
    {
        let folder = try TemporaryFolder()
        let cluster = try await LocalCluster(under: folder.path)

        try await cluster.start()
        try await ask(cluster, "CREATE TABLE kept AS SELECT 42 AS answer")
        try await cluster.stop()
        try await cluster.start()

        #expect(try await ask(cluster, "SELECT answer FROM kept") == "42")
        #expect(try await ask(cluster, "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user") == "f|t|t")
        #expect(try await ask(cluster, "SHOW fsync") == "on")
        #expect(try await ask(cluster, "SHOW listen_addresses") == "")
        try await cluster.stop()
    }

    @Test("What a kill -9 of the server leaves behind does not hinder the next start, and nothing committed is lost") func killed()
        async throws
    {
        let folder = try TemporaryFolder()
        let cluster = try await LocalCluster(under: folder.path)
        try await cluster.start()
        try await ask(cluster, "CREATE TABLE kept AS SELECT 42 AS answer")

        kill(try pid(folder), SIGKILL)
        try await cluster.start()

        #expect(try await ask(cluster, "SELECT answer FROM kept") == "42")
        try await cluster.stop()
    }

    @Test("A server that outlived its `dev` is taken over by the next one") func outlived() async throws {
        let folder = try TemporaryFolder()
        try await LocalCluster(under: folder.path).start()
        let before = try pid(folder)

        let second = try await LocalCluster(under: folder.path)
        try await second.start()

        #expect(try pid(folder) != before)
        #expect(try await ask(second, "SELECT 1") == "1")
        try await second.stop()
    }

    @Test("A pid file whose number now belongs to another program is cleared away") func foreignPID() async throws {
        let folder = try TemporaryFolder()
        let cluster = try await LocalCluster(under: folder.path)
        try await cluster.start()
        try await cluster.stop()
        try "\(getpid())\n\(folder.path)/postgres/data\n".write(
            toFile: "\(folder.path)/postgres/data/postmaster.pid", atomically: false, encoding: .utf8)

        try await cluster.start()

        #expect(try await ask(cluster, "SELECT 1") == "1")
        try await cluster.stop()
    }

    @Test("A folder whose name is too long for a socket gets its socket elsewhere, the same at each start") func longName() async throws {
        let folder = try TemporaryFolder()
        let deep = folder.path + "/" + String(repeating: "long-name-", count: 9)
        try FileManager.default.createDirectory(atPath: deep, withIntermediateDirectories: true)

        let cluster = try await LocalCluster(under: deep)
        try await cluster.start()
        #expect(try await ask(cluster, "SELECT 1") == "1")
        try await cluster.stop()

        #expect(try await LocalCluster(under: deep).url == cluster.url)
    }

    @Test("A parent that the server's account cannot enter moves the data elsewhere, with a word about it", .enabled(if: geteuid() == 0))
    func closedParent() async throws {
        let folder = try TemporaryFolder()
        let closed = folder.path + "/closed/data"
        try FileManager.default.createDirectory(atPath: closed, withIntermediateDirectories: true)
        chmod(folder.path + "/closed", 0o700)
        let notices = Notices()

        let cluster = try await LocalCluster(under: closed) { notices.texts.append($0) }
        try await cluster.start()
        try await ask(cluster, "CREATE TABLE kept AS SELECT 42 AS answer")
        try await cluster.stop()
        let again = try await LocalCluster(under: closed)
        try await again.start()

        #expect(notices.texts.count == 1)
        #expect(notices.texts.first?.contains(closed) == true)
        #expect(try await ask(again, "SELECT answer FROM kept") == "42")
        try await again.stop()
        try FileManager.default.removeItem(atPath: String(contentsOfFile: "\(closed)/postgres-is-in", encoding: .utf8))
    }

    @Test("Data that the server's account cannot reach any more is not started anew elsewhere", .enabled(if: geteuid() == 0))
    func closedLater() async throws {
        let folder = try TemporaryFolder()
        let cluster = try await LocalCluster(under: folder.path)
        try await cluster.start()
        try await cluster.stop()
        chmod(folder.path, 0o700)

        let error = await #expect(throws: LocalClusterError.self) { try await LocalCluster(under: folder.path) }

        #expect(error?.description.contains("chmod o+x") == true)
    }

    @Test("Missing programs are named with their Debian package") func missing() {
        let error = #expect(throws: LocalClusterError.self) { try ServerPrograms.find(packages: "/nowhere", searchPath: "/nowhere") }

        #expect(error?.description.contains("apt-get install postgresql-15") == true)
    }

    @Test("A cancelled wait ends the program that it waits for") func cancelled() async throws {
        let task = Task { try await ChildProcess(arguments: ["/bin/sh", "-c", "exec sleep 600"]).run() }

        task.cancel()

        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @discardableResult
    private func ask(_ cluster: LocalCluster, _ question: String) async throws -> String {
        let psql = try ServerPrograms.find().path("psql")
        let outcome = try await ChildProcess(arguments: [
            psql, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", question, cluster.url,
        ]).run()
        try #require(outcome.isSuccess, "\(outcome.output)")
        return outcome.output
    }

    private func pid(_ folder: TemporaryFolder) throws -> Int32 {
        let text = try String(contentsOfFile: "\(folder.path)/postgres/data/postmaster.pid", encoding: .utf8)
        return try #require(text.split(separator: "\n").first.flatMap { Int32($0) })
    }
}

/// A folder that is gone with the test. Whatever runs PostgreSQL can pass through it.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/tenantry-cluster-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        chmod(path, 0o711)
    }

    // A failed test may have left something in use; the folder is in /tmp.
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// What a cluster said while it looked for its place.
final class Notices {
    var texts: [String] = []
}
