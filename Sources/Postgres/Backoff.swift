/// How long to wait before the next attempt at something that fails: longer each time, never the same for two who fail together.
enum Backoff {
    /// Between half and the whole of 50 ms, 100 ms, 200 ms, ... up to 2 s; nothing before the first failure.
    static func delay(after failures: Int) -> Duration {
        guard failures > 0 else { return .zero }
        let longest = min(2000, 50 << min(failures - 1, 6))
        return .milliseconds(Int.random(in: longest / 2...longest))
    }
}
