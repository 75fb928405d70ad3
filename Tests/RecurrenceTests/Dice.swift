import Foundation
import Support

/// Chance that can be had again: `TENANTRY_TEST_SEED` names another seed than the fixed one.
struct Dice: RandomNumberGenerator {
    private var source: SplitMix64

    /// Prints the seed, so that a failure in a log can be had again.
    init(_ test: String) {
        let seed = ProcessInfo.processInfo.environment["TENANTRY_TEST_SEED"].flatMap { UInt64($0) } ?? 20_261_128
        print("\(test): TENANTRY_TEST_SEED=\(seed)")
        source = SplitMix64(seed: seed)
    }

    mutating func next() -> UInt64 { source.next() }

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

    /// So many times in a hundred.
    mutating func chance(_ percent: Int) -> Bool { number(1...100) <= percent }

    mutating func pick<T>(_ options: [T]) -> T { options[number(0...options.count - 1)] }

    mutating func some<T>(_ most: Int, _ make: (inout Dice) -> T) -> [T] { (0..<number(1...most)).map { _ in make(&self) } }
}

/// Zones of every kind whose rules have not changed lately, so that Foundation's edition of the database and the system's agree on them.
let zones = [
    "UTC", "Europe/Berlin", "Europe/London", "Europe/Dublin", "Europe/Athens", "Europe/Lisbon", "America/New_York", "America/Chicago",
    "America/Los_Angeles", "America/St_Johns", "America/Halifax", "America/Havana", "Asia/Shanghai", "Asia/Kolkata", "Asia/Kathmandu",
    "Asia/Jerusalem", "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Kiritimati",
    "Antarctica/Troll",
]
