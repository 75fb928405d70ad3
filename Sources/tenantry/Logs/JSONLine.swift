import Logging
import Records

/// A message as a JSON object, for whatever collects logs: `{"at":"2026-11-22T10:00:00.123Z","level":"info","message":"...","tenant":"acme"}`.
enum JSONLine {
    static func make(_ event: LogEvent, _ facts: LogLines.Facts, logger: String, at time: LogTime) -> [UInt8] {
        var members: [JSON.Member] = [
            .init("at", .string(time.text)), .init("level", .string(event.level.rawValue)), .init("logger", .string(logger)),
            .init("message", .string(event.message.description)),
        ]
        if let error = event.error { members.append(.init("error", .string("\(error)"))) }
        let taken = Set(members.map(\.name))
        for (key, value) in facts { members.append(.init(taken.contains(key) ? "_\(key)" : key, json(value))) }
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
