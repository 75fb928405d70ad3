import Logging
import Records

/// One JSON object per message, for whatever collects logs: `{"at":"2026-11-22T10:00:00.123Z","level":"info","message":"...","tenant":"acme"}`.
struct JSONLines: LogHandler {
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
        Logs.write(line(event, at: LogTime.now))
    }

    func line(_ event: LogEvent, at time: LogTime) -> [UInt8] {
        var members: [JSON.Member] = [
            .init("at", .string(time.text)), .init("level", .string(event.level.rawValue)), .init("logger", .string(label)),
            .init("message", .string(event.message.description)),
        ]
        if let error = event.error { members.append(.init("error", .string("\(error)"))) }
        let taken = Set(members.map(\.name))
        let all = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            members.append(.init(taken.contains(key) ? "_\(key)" : key, Self.json(value)))
        }
        return JSON.object(members).bytes + [UInt8(ascii: "\n")]
    }

    private static func json(_ value: Logger.Metadata.Value) -> JSON {
        switch value {
        case .string(let text): .string(text)
        case .stringConvertible(let value as Int): JSON(value)
        case .stringConvertible(let value as Bool): .bool(value)
        case .stringConvertible(let value as Double) where value.isFinite: .number("\(value)")
        case .stringConvertible(let value): .string(value.description)
        case .array(let values): .array(values.map(json))
        case .dictionary(let members): .object(members.sorted { $0.key < $1.key }.map { .init($0.key, json($0.value)) })
        }
    }
}
