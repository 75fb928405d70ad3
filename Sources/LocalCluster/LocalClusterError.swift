/// Why there is no private PostgreSQL: a sentence for the person at the terminal that says what to do.
package struct LocalClusterError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }

    /// A step failed; the last lines it printed say why.
    init(_ step: String, _ outcome: ChildProcess.Outcome, log: String? = nil) {
        let lines = (outcome.output + "\n" + (log ?? "")).split(separator: "\n").suffix(15).map { "  \($0)" }
        description = "\(step) (status \(outcome.status)):\n" + lines.joined(separator: "\n")
    }
}
