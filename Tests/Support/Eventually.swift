import Testing

/// Waits until the condition holds, and fails when it does not in time; five seconds unless more is granted.
package func eventually(
    within time: Duration = .seconds(5), _ condition: () async throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let deadline = ContinuousClock.now + time
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record("The condition did not come true within \(time).", sourceLocation: sourceLocation)
            return
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}
