import Logging

/// One line per message on standard error, for people or for programs.
struct LogLines: LogHandler {
    /// What a message looks like: its line, with the break at the end.
    enum Form {
        case text, json
    }

    let label: String
    let form: Form
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    init(label: String, form: Form, logLevel: Logger.Level) {
        self.label = label
        self.form = form
        self.logLevel = logLevel
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        Logs.write(line(event, at: LogTime.now))
    }

    func line(_ event: LogEvent, at time: LogTime) -> [UInt8] {
        let facts = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        return switch form {
        case .text: Array(TextLine.make(event, facts, at: time).utf8)
        case .json: JSONLine.make(event, facts, logger: label, at: time)
        }
    }

    /// What is known beside the message, in the order of its names.
    typealias Facts = [(key: String, value: Logger.Metadata.Value)]
}
