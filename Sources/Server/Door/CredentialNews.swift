import Postgres
import Records
import ServiceLifecycle
import Tenancy

/// Carries the news of changed credentials from every cell into the cache, and those of changes to whoever follows them; cells that are
/// added later included. One connection per cell hears all of it.
struct CredentialNews: Service {
    let cells: Cells
    let principals: PrincipalCache
    let events: EventHub
    /// How often it looks for new cells.
    var interval: Duration = .seconds(5)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                var followed: Set<String> = []
                while !Task.isCancelled {
                    for cell in cells.all where followed.insert(cell.name).inserted {
                        guard
                            let listener = cells.listener(
                                of: cell.name, to: [Credentials.channel, ChangeNews.channel, ProgressNotice.channel])
                        else { continue }
                        group.addTask { await follow(listener, of: cell.name) }
                    }
                    // Cancellation ends the sleep and, with the next look at the condition, the loop.
                    try? await Task.sleep(for: interval)
                }
            }
        }
    }

    private func follow(_ listener: Listener, of cell: String) async {
        // The stream ends when the task is cancelled.
        for await event in listener.events() {
            switch event {
            case .connected: principals.hears(cell)
            case .notification(ChangeNews.channel, let slug): events.changed(slug)
            case .notification(ProgressNotice.channel, let payload): events.progressed(payload)
            case .lost: principals.isDeaf(to: cell)
            case .notification(_, let payload): take(payload)
            }
        }
        principals.isDeaf(to: cell)
        listener.close()
    }

    private func take(_ payload: String) {
        let parts = payload.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, let hash = Self.bytes(parts[1]) else { return principals.forgetAll(of: payload) }
        principals.forget(hash)
    }

    private static func bytes(_ digits: Substring) -> [UInt8]? {
        let digits = Array(digits.utf8)
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}
