import Foundation

/// What the queue is measured with: `swift run JobsLoad [throughput latency fairness claims snapshot kill]`, all of them without a word.
///
/// Works on the cluster of `Deploy/test-cluster.sh start`, each part in a database of its own, and prints figures and ratios. Build with
/// `-c release` for figures that mean something beside others.
@main struct JobsLoad {
    static func main() async throws {
        var words = Array(CommandLine.arguments.dropFirst())
        if words.first == "worker", words.count == 3 { return try await KilledWorker.work(url: words[1], slug: words[2]) }
        if words.isEmpty { words = ["throughput", "latency", "fairness", "claims", "snapshot", "kill"] }
        for word in words {
            say("# \(word)")
            switch word {
            case "throughput": try await Throughput.measure()
            case "latency": try await Latency.measure()
            case "fairness": try await Fairness.measure()
            case "claims": try await ClaimCost.measure()
            case "snapshot": try await HeldSnapshot.measure()
            case "kill": try await KilledWorker.measure()
            default: say("There is no such part.")
            }
        }
    }
}

/// Unbuffered: whoever waits sees each figure when it is there.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}
