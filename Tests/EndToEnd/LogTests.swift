import Foundation
import Logging
import Testing

@testable import tenantry

@Suite("What is written to the log") struct LogTests {
    @Test("A line for programs is one JSON object, whatever stands in it") func json() throws {
        var lines = LogLines(label: "tenantry", form: .json, logLevel: .info)
        lines[metadataKey: "tenant"] = "acme"
        let event = LogEvent(
            level: .warning, message: "Broken \"pipe\"\nsecond line \u{1}",
            metadata: ["status": "\(503)", "ms": .stringConvertible(12), "message": "mine", "list": ["a", "b"]], source: nil, file: "",
            function: "",
            line: 1)

        let bytes = lines.line(event, at: LogTime(Date(timeIntervalSince1970: 1_795_860_000.25)))

        #expect(bytes.last == UInt8(ascii: "\n"))
        #expect(bytes.filter { $0 == UInt8(ascii: "\n") }.count == 1)
        let object = try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        #expect(object["at"] as? String == "2026-11-28T10:00:00.250Z")
        #expect(object["level"] as? String == "warning")
        #expect(object["message"] as? String == "Broken \"pipe\"\nsecond line \u{1}")
        #expect(object["_message"] as? String == "mine")
        #expect(object["tenant"] as? String == "acme")
        #expect(object["ms"] as? Int == 12)
        #expect(object["list"] as? [String] == ["a", "b"])
    }

    @Test("A line for people stays one line and cannot steer their terminal") func text() {
        let lines = LogLines(label: "tenantry", form: .text, logLevel: .info)
        let event = LogEvent(
            level: .error, message: "No\nway", metadata: ["why": "\u{1B}[2J"], source: nil, file: "", function: "", line: 1)

        let line = lines.line(event, at: LogTime(Date(timeIntervalSince1970: 0)))

        #expect(String(decoding: line, as: UTF8.self) == "00:00:00.000 error  No\\nway why=\\e[2J\n")
    }

    @Test(
        "Times are those of Foundation's own formatter",
        arguments: [0.0, 951_826_154.875, 1_709_208_000, 4_102_444_799.5, 1_795_860_000.25])
    func times(seconds: Double) {
        let date = Date(timeIntervalSince1970: seconds)

        #expect(LogTime(date).text == date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    }
}
