import Foundation
import Recurrence
import Support
import Testing

/// A schedule out of all that both we and croniter read, and an instant, often near a change of clocks.
struct RandomSchedule: Codable {
    var expression: String
    var zone: String
    /// Seconds after 1970.
    var after: Int

    init(_ dice: inout Dice) {
        zone = dice.pick(zones)
        let names = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
        let months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
        var fields = [
            dice.chance(60) ? "\(dice.number(0...59))" : Self.field(&dice, 0, 59), Self.field(&dice, 0, 23), Self.field(&dice, 1, 31),
            Self.field(&dice, 1, 12), Self.field(&dice, 0, 6),
        ]
        if dice.chance(15) { fields[3] = dice.pick(months) }
        if dice.chance(15) { fields[4] = dice.pick(["MON-FRI", "\(dice.pick(names)),\(dice.pick(names))", "7", "5-7"]) }
        expression = dice.chance(5) ? dice.pick(["@yearly", "@monthly", "@weekly", "@daily", "@hourly"]) : fields.joined(separator: " ")
        after = dice.number(1_325_376_000...2_208_988_799)
        let zone = TimeZone(identifier: zone)
        if dice.chance(60), let change = zone?.nextDaylightSavingTimeTransition(after: Date(timeIntervalSince1970: Double(after))) {
            after = Int(change.timeIntervalSince1970) + dice.number(-300...180) * 60 + dice.pick([0, 0, 1, 30])
        }
    }

    private static func field(_ dice: inout Dice, _ first: Int, _ last: Int) -> String {
        let items = dice.some(dice.chance(70) ? 1 : 3) { dice in
            let a = dice.number(first...last - 1)
            // croniter takes a range of one number for all numbers.
            let range = "\(a)-\(dice.number(a + 1...last))"
            return switch dice.number(0...9) {
            case 0...3: "*"
            case 4...6: "\(a)"
            case 7: range
            case 8: "*/\(dice.number(1...last))"
            default: "\(range)/\(dice.number(1...last))"
            }
        }
        // croniter calls a list with a star in it a star.
        return items.count > 1 ? items.map { $0.replacing("*", with: "\(first)-\(last)") }.joined(separator: ",") : items[0]
    }
}

/// croniter tells the times of the wall, and zoneinfo what becomes of them where clocks are set.
@Suite("Schedules against croniter") struct CronOracleTests {
    @Test("Both are due at the same instants, around changes of clocks too", .timeLimit(.minutes(10))) func agreement() async throws {
        var dice = Dice("Schedules against croniter")
        let cases = (0..<3_000).map { _ in RandomSchedule(&dice) }
        let file = FileManager.default.temporaryDirectory.appending(path: "schedules-\(UUID().uuidString).json")
        try JSONEncoder().encode(cases).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }  // A leftover file harms nobody.

        let (status, output) = try await PythonTool.script(Self.oracle, [file.path()])

        try #require(status == 0, "\(output.suffix(2_000))")
        let lines = output.split(separator: "\n", omittingEmptySubsequences: false)
        try #require(lines.count == cases.count + 1)
        var differences: [String] = []
        for (schedule, theirs) in zip(cases, lines) {
            let expression = try CronExpression(schedule.expression)
            let zone = try #require(TimeZoneName.zone(schedule.zone))
            var instant = Date(timeIntervalSince1970: Double(schedule.after))
            var ours: [String] = []
            while ours.count < 6, let next = expression.next(after: instant, in: zone) {
                ours.append(String(Int(next.timeIntervalSince1970)))
                instant = next
            }
            if ours.joined(separator: " ") != theirs { differences.append("\(schedule)\n  ours   \(ours)\n  theirs \(theirs)") }
        }
        #expect(differences.isEmpty, "\(differences.count) of \(cases.count):\n\(differences.prefix(10).joined(separator: "\n"))")
        #expect(lines.count { $0.split(separator: " ").count == 6 } > cases.count * 8 / 10)
    }

    private static let oracle = """
        import datetime, json, sys
        from datetime import timedelta
        from zoneinfo import ZoneInfo
        from croniter import croniter, CroniterBadDateError

        def study(schedule):
            zone, after = ZoneInfo(schedule["zone"]), schedule["after"]
            wall = datetime.datetime.fromtimestamp(after, zone).replace(tzinfo=None)
            times = croniter(schedule["expression"], wall - timedelta(hours=4), ret_type=datetime.datetime, implement_cron_bug=True)
            due, last = set(), None
            try:
                while len(due) < 6 or local < last + timedelta(hours=4):
                    local = times.get_next()
                    instant = int(local.replace(tzinfo=zone, fold=0).timestamp())
                    if instant > after:
                        due.add(instant)
                    if len(due) == 6 and last is None:
                        last = local
            except CroniterBadDateError:
                pass
            return " ".join(str(instant) for instant in sorted(due)[:6])

        with open(sys.argv[1]) as file:
            for schedule in json.load(file):
                print(study(schedule))
        """
}
