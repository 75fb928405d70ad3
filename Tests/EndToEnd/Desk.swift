import Foundation
import Testing

/// Runs commands on the installation of a `dev`, and kills some of them.
struct Desk: Sendable {
    let dev: Dev
    let folder: String

    private var settings: [String] {
        ["--json", "--", "database_url=\(dev.ready.databaseURL)", "security.scrypt_log_n=10", "blobs.directory=\(folder)/blobs"]
    }

    @discardableResult
    func done(_ words: String...) async throws -> [String: Any] { try await run(words) }

    /// Ends it by SIGKILL after up to a second and a half, and says it again until its end.
    @discardableResult
    func killed(_ words: String...) async throws -> [String: Any] {
        let program = try Program(words + settings)
        try await Task.sleep(for: .milliseconds(Int.random(in: 50...1500)))
        program.send(SIGKILL)
        _ = await program.end()
        return try await run(words)
    }

    /// Ten times: ends a command by SIGKILL at a random moment of the time that it takes, says it again until its end, and shows `check` what it
    /// answered. Of ten, some must have been alive at that moment.
    ///
    /// - Parameter without: whether the command is not said again, as when the file that it makes is there.
    func rounds(
        _ words: (Int) -> [String], without: (Int) -> Bool = { _ in false }, check: (Int, [String: Any]) async throws -> Void
    ) async throws {
        let clock = ContinuousClock()
        var length = Duration.milliseconds(300)
        var cut = 0
        for round in 0..<10 {
            let program = try Program(words(round) + settings)
            try await Task.sleep(for: length * Double.random(in: 0.05...0.95))
            program.send(SIGKILL)
            if await program.end() == 128 + SIGKILL { cut += 1 }
            guard !without(round) else { continue }
            let start = clock.now
            let answer = try await run(words(round))
            length = clock.now - start
            try await check(round, answer)
        }
        print("\(words(0).prefix(2).joined(separator: " ")): \(cut) of 10 killed before their end, which comes after \(length)")
        #expect(cut > 0, "\(words(0))")
    }

    /// The digest of each type's records.
    func hashes(_ slug: String) async throws -> [String: String] {
        let types = try await run(["tenant", "hash", slug])["types"] as? [String: [String: Any]] ?? [:]
        return types.compactMapValues { $0["hash"] as? String }
    }

    /// What waits for the tenant: kind and time. Not what comes every night, which moves by itself.
    func jobs(_ slug: String) async throws -> Set<String> {
        let all = try await list(["jobs", "list", "--tenant", slug, "--limit", "1000"])
        return Set(
            all.filter { ($0["unique_key"] as? String)?.hasPrefix("schedule") != true }.map {
                "\($0["id"] ?? "") \($0["kind"] ?? "") \($0["run_at"] ?? "")"
            })
    }

    /// All that there are.
    func tenants() async throws -> [[String: Any]] { try await list(["tenant", "list"]) }

    private func list(_ words: [String]) async throws -> [[String: Any]] {
        let answer = try await Program.run(words + settings)
        return try #require(JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [[String: Any]], "\(answer.output)")
    }

    private func run(_ words: [String]) async throws -> [String: Any] {
        let answer = try await Program.run(words + settings)
        #expect(answer.status == 0, "\(words): \(answer.output)")
        let line = answer.output.split(separator: "\n").last { $0.hasPrefix("{") } ?? ""
        return try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(words): \(answer.output)")
    }
}
