import Foundation
import Recurrence

/// A series as a person could have entered it, odd combinations included, and a later point to look from.
struct RandomSeries: Codable {
    var rule: String
    var start: String
    var zone: String
    var exdates: [String]
    var from: String
    /// Where to stop looking.
    var end: String

    init(_ dice: inout Dice) {
        let start = CivilMoment(seconds: dice.number(946_684_800 / 300...2_208_988_799 / 300) * 300)
        self.start = start.minuteText
        zone = dice.pick(zones)
        rule = Self.rule(&dice, start)
        exdates = dice.chance(20) ? dice.some(8) { CivilMoment(seconds: start.seconds + $0.number(0...60) * 86_400).minuteText } : []
        let isFar = dice.chance(4)
        let days = isFar ? 15_000 : 500
        end = isFar ? "2041-01-01T00:00" : "\(min(2041, start.date.parts.year + dice.pick([3, 4, 9])))-01-01T00:00"
        from = CivilMoment(seconds: start.seconds + dice.number(0...days * 1440) * 60).minuteText
    }

    private static func rule(_ dice: inout Dice, _ start: CivilMoment) -> String {
        let frequency = dice.pick(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
        var parts = ["FREQ=\(frequency)"]
        func add(_ name: String, _ values: [String]) { parts.append("\(name)=\(values.joined(separator: ","))") }
        if dice.chance(50) { add("INTERVAL", ["\(dice.chance(85) ? dice.number(1...6) : dice.number(7...60))"]) }
        let hasMonths = dice.chance(35)
        if hasMonths { add("BYMONTH", dice.some(4) { "\($0.number(1...12))" }) }
        if dice.chance(30) { add("BYMONTHDAY", dice.some(4) { "\($0.pick([1, -1]) * $0.number(1...31))" }) }
        if dice.chance(45) {
            let farthest = frequency == "YEARLY" && !hasMonths ? 53 : 5
            let ordinals = dice.pick([0, 0, 100, 100, 50])
            add(
                "BYDAY",
                dice.some(4) { dice in
                    let ordinal = dice.chance(ordinals) ? "\(dice.pick([1, -1]) * dice.number(1...farthest))" : ""
                    return ordinal + dice.pick(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
                })
        }
        if dice.chance(25) { add("BYSETPOS", dice.some(3) { "\($0.pick([1, -1]) * $0.number(1...($0.chance(90) ? 5 : 366)))" }) }
        if dice.chance(20) { add("COUNT", ["\(dice.number(1...30))"]) }
        if dice.chance(25) {
            let end = CivilMoment(seconds: start.seconds + dice.number(0...900) * 86_400 + dice.pick([0, 0, 60, -60, 3600, -3600]))
            add("UNTIL", [dice.chance(15) ? String(end.basicText.prefix(8)) : end.basicText + dice.pick(["", "Z"])])
        }
        if dice.chance(30) { add("WKST", [dice.pick(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])]) }
        let head = parts.removeFirst()
        parts.shuffle(using: &dice)
        parts.insert(head, at: dice.number(0...parts.count))
        let text = parts.joined(separator: ";")
        return dice.chance(10) ? text.lowercased() : text
    }
}
