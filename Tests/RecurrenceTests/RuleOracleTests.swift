import Foundation
import Recurrence
import Support
import Testing

/// python-dateutil's rules and zoneinfo's instants, for twelve thousand random series in all zones of the list.
@Suite("Recurring series against python-dateutil") struct RuleOracleTests {
    private static let count = 12_000

    @Test("Both name the same local times and instants, from the start and from any later point", .timeLimit(.minutes(10)))
    func agreement() async throws {
        var dice = Dice("Series")
        let cases = (0..<Self.count).map { _ in RandomSeries(&dice) }
        let file = FileManager.default.temporaryDirectory.appending(path: "series-\(UUID().uuidString).json")
        try JSONEncoder().encode(cases).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }  // A leftover file harms nobody.
        async let reply = PythonTool.script(Self.oracle, [file.path()])

        let ours = try cases.map(Self.answer)
        let (status, output) = try await reply

        try #require(status == 0, "\(output.suffix(2_000))")
        let theirs = output.split(separator: "\n", omittingEmptySubsequences: false)
        try #require(theirs.count == Self.count + 1)
        var differences: [String] = []
        var occurrences = 0
        for (index, series) in cases.enumerated() {
            occurrences += ours[index].count { $0 == ":" }
            if ours[index] != theirs[index] { differences.append("\(series)\n  ours   \(ours[index])\n  theirs \(theirs[index])") }
        }
        print("\(cases.count) series, \(occurrences) occurrences, \(Set(cases.map(\.zone)).count) zones")
        #expect(differences.isEmpty, "\(differences.count) of \(cases.count):\n\(differences.prefix(10).joined(separator: "\n"))")
        #expect(occurrences > 150_000)
        #expect(ours.count { $0 == " |  | " } < Self.count / 4)
    }

    /// `local:instant` of the first twenty, of ten from the later local time, and of five from the instant of that.
    private static func answer(_ series: RandomSeries) throws -> String {
        let rule = try RecurrenceRule(series.rule)
        let again = try RecurrenceRule(rule.text)
        try #require(again == rule && again.text == rule.text, "\(series.rule) became \(rule.text)")
        let zone = try #require(TimeZoneName.zone(series.zone))
        func moment(_ text: String) throws -> CivilMoment { try #require(CivilMoment(minute: text)) }
        let all = Series(start: try moment(series.start), rule: rule, except: Set(try series.exdates.map(moment)), in: zone)
        let (from, end) = (try moment(series.from), try moment(series.end))
        func text(_ moments: some Sequence<CivilMoment>) -> String {
            moments.prefix { $0 < end }.map { "\($0.seconds):\(Int(zone.instant(of: $0).timeIntervalSince1970))" }.joined(separator: " ")
        }
        let later = all.occurrences(from: zone.instant(of: from)).prefix(5).map(\.local)
        return [text(all.moments().prefix(20)), text(all.moments(from: from).prefix(10)), text(later)].joined(separator: " | ")
    }

    /// Prints a line like the one above for each series. Its last year is made the last of all, or dateutil would look for rare days up to
    /// 9999.
    private static let oracle = """
        import datetime, json, sys
        from datetime import timedelta
        from zoneinfo import ZoneInfo
        from dateutil.rrule import rrulestr, rruleset

        EPOCH = datetime.datetime(1970, 1, 1)

        def instant(local, zone):
            return int(local.replace(tzinfo=zone, fold=0).timestamp())

        def study(series):
            zone = ZoneInfo(series["zone"])
            aware = any(p.startswith("UNTIL=") and p.endswith("Z") for p in series["rule"].upper().split(";"))
            def time(text):
                return datetime.datetime.fromisoformat(text).replace(tzinfo=zone if aware else None)
            rules = rruleset()
            rules.rrule(rrulestr(series["rule"], dtstart=time(series["start"])))
            for text in series["exdates"]:
                rules.exdate(time(text))
            start = datetime.datetime.fromisoformat(series["from"])
            begin = instant(start, zone)
            end = datetime.datetime.fromisoformat(series["end"])
            datetime.MAXYEAR = end.year
            first, later, latest = [], [], []
            for t in rules:
                local = t.replace(tzinfo=None)
                if local >= end: break
                due = instant(local, zone)
                word = f"{int((local - EPOCH).total_seconds())}:{due}"
                if len(first) < 20: first.append(word)
                if local >= start and len(later) < 10: later.append(word)
                if due >= begin and len(latest) < 5: latest.append(word)
                if len(first) == 20 and len(later) == 10 and len(latest) == 5: break
            return " | ".join(" ".join(words) for words in (first, later, latest))

        with open(sys.argv[1]) as file:
            for series in json.load(file):
                print(study(series))
        """
}
