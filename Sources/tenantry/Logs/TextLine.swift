import Logging

/// A message as people read it: `10:00:00.123 warning  The directory could not be read. error=...`.
enum TextLine {
    static func make(_ event: LogEvent, _ facts: LogLines.Facts, at time: LogTime) -> String {
        var words = facts.map { "\($0.key)=\($0.value)" }
        if let error = event.error { words.append("error=\(error)") }
        // A line break from outside must not look like a message of its own.
        let text = ([event.message.description] + words).joined(separator: " ").replacing("\n", with: "\\n").replacing(
            "\u{1B}", with: "\\e")
        return "\(time.clock) \(event.level.rawValue)  \(text)\n"
    }
}
