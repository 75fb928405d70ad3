import Logging

/// A line per message for people: `10:00:00.123 warning  The directory could not be read. error=...`.
struct TextLines: LogHandler {
    let label: String
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    init(label: String, logLevel: Logger.Level) {
        self.label = label
        self.logLevel = logLevel
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        Logs.write(Array(line(event, at: LogTime.now).utf8))
    }

    func line(_ event: LogEvent, at time: LogTime) -> String {
        let all = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) { $1 }
        var words = all.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        if let error = event.error { words.append("error=\(error)") }
        // A line break from outside must not look like a message of its own.
        let text = ([event.message.description] + words).joined(separator: " ").replacing("\n", with: "\\n").replacing(
            "\u{1B}", with: "\\e")
        return "\(time.clock) \(event.level.rawValue)  \(text)\n"
    }
}
