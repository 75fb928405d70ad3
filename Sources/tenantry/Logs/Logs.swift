import Foundation
import Logging
import Settings

/// Sets up where messages go: standard error, once per process.
enum Logs {
    static func start(_ settings: Settings) -> Logger {
        let level = Logger.Level(rawValue: settings.logLevel.rawValue) ?? .info
        let form: LogLines.Form =
            switch settings.logFormat {
            case .text: .text
            case .json: .json
            case .auto: isatty(STDERR_FILENO) == 1 ? .text : .json
            }
        LoggingSystem.bootstrap { LogLines(label: $0, form: form, logLevel: level) }
        return Logger(label: "tenantry")
    }

    /// One write per line, so that lines of several threads never mix. A line that cannot be written is lost: a log that nobody reads any more
    /// must not stop the server.
    static func write(_ line: [UInt8]) {
        line.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Foundation.write(STDERR_FILENO, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { return }
            }
        }
    }
}
