import Foundation
import Recurrence
import Support
import Testing

/// Python's zoneinfo (PEP 495 and PEP 615) around every change of every zone's clocks from 2000 to 2040.
@Suite("Local times against Python's") struct LocalTimeOracleTests {
    @Test("Both name the same instants around every change of clocks", .timeLimit(.minutes(5)))
    func agreement() async throws {
        let zones = TimeZone.knownTimeZoneIdentifiers.filter(TimeZoneName.isKnown)
        let (status, output) = try await PythonTool.script(Self.oracle, zones)
        try #require(status == 0, "\(output.suffix(2_000))")

        // Foundation and the system may know different editions of the database: a zone whose changes differ says nothing about us.
        var compared: Set<Substring> = []
        var strangers: Set<Substring> = []
        var wrong: [String] = []
        var count = 0
        for line in output.utf8.split(separator: UInt8(ascii: "\n")) {
            let words = Substring(line).split(separator: " ")
            guard words.count == 5, !strangers.contains(words[1]) else { continue }
            let zone = String(words[1])
            switch words[0] {
            case "change":
                if Self.knows(zone, change: words) { compared.insert(words[1]) } else { strangers.insert(words[1]) }
            case "time":
                let time = try #require(LocalTime(local: String(words[2]), zone: zone), "\(words)")
                if time.instant != Self.instant(words[3]) { wrong.append("\(words) is \(time.utcText)") }
                count += 1
            default:
                let day = try #require(LocalTime.day(String(words[2]), in: zone), "\(words)")
                if day.lowerBound != Self.instant(words[3]) || day.upperBound != Self.instant(words[4]) {
                    wrong.append("\(words) is \(day)")
                }
                count += 1
            }
        }

        #expect(wrong.isEmpty, "\(wrong.count) of \(count): \(wrong.prefix(20))")
        #expect(compared.count > 200 && count > 50_000, "\(compared.count) zones, \(count) times")
        #expect(strangers.count * 20 < compared.count, "\(strangers)")
    }

    private static func instant(_ seconds: Substring) -> Date { Date(timeIntervalSince1970: Double(seconds) ?? .nan) }

    /// Whether Foundation has the same offsets up to and from a change.
    private static func knows(_ zone: String, change: [Substring]) -> Bool {
        let clocks = TimeZone(identifier: zone)
        return clocks?.secondsFromGMT(for: instant(change[2]) - 1) == Int(change[3])
            && clocks?.secondsFromGMT(for: instant(change[2])) == Int(change[4])
    }

    /// Prints `change ZONE instant before after`, `time ZONE local instant -`, `day ZONE date start next`.
    private static let oracle = """
        import sys
        from datetime import datetime, timedelta
        from zoneinfo import ZoneInfo

        EPOCH = datetime(1970, 1, 1)
        FIRST, LAST = 946684800, 2240524800

        def wall(seconds):
            return EPOCH + timedelta(seconds=seconds)

        def study(name):
            zone = ZoneInfo(name)
            def offset(t):
                return int(datetime.fromtimestamp(t, zone).utcoffset().total_seconds())
            def date(t):
                return wall(t + offset(t)).date()
            def start(day, change):
                midnight = int((datetime(day.year, day.month, day.day) - EPOCH).total_seconds())
                offsets = {offset(change - 1), offset(change), offset(midnight - 100000), offset(midnight + 100000)}
                begins = [t for t in {change} | {midnight - o for o in offsets} if date(t) >= day > date(t - 1)]
                return min(begins)
            t, before = FIRST, offset(FIRST)
            while t < LAST:
                beyond = t + 3 * 86400
                if offset(beyond) == before:
                    t = beyond
                    continue
                low, high = t, beyond
                while high - low > 1:
                    middle = (low + high) // 2
                    low, high = (middle, high) if offset(middle) == before else (low, middle)
                after = offset(high)
                print("change", name, high, before, after)
                for edge in {high + before, high + after}:
                    for delta in (-3600, -60, 0, 60, 1740, 3600):
                        local = wall(edge + delta).replace(second=0)
                        seconds = int(local.replace(tzinfo=zone, fold=0).timestamp())
                        print("time", name, local.isoformat(timespec="minutes"), seconds, "-")
                for day in sorted({wall(high + before).date(), wall(high + after).date()}):
                    print("day", name, day, start(day, high), start(day + timedelta(days=1), high))
                t, before = high, after

        for name in sys.argv[1:]:
            try:
                study(name)
            except KeyError:
                pass  # A name that the system does not have.
        """
}
