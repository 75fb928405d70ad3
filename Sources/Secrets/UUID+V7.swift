import Foundation
import Synchronization

extension UUID {
    /// A UUID version 7 (RFC 9562, 5.7): milliseconds since 1970, then a counter, then 62 random bits.
    ///
    /// Within this process each is greater than the one before, also within one millisecond and when the clock steps back: the 12 bits
    /// after the time count (RFC 9562, 6.2, method 1) from a random start and carry into the time.
    package static func v7(at time: Date = .now) -> UUID {
        let now = UInt64(max(0, time.timeIntervalSince1970 * 1000))
        // Those of libcrypto: Swift's own cost a system call each.
        let (start, low) = RandomBytes.words()
        let stamp = lastStamp.withLock { last in
            // The counter starts below half, so that a millisecond has room for at least 2,048 before it borrows from the next.
            last = max(last + 1, now << 12 | start >> 53)
            return last
        }
        let high = (stamp & ~0xFFF) << 4 | 0x7000 | stamp & 0xFFF
        return UUID(high: high, low: low >> 2 | 1 << 63)
    }

    /// When a version 7 was made, to the millisecond; nil for another version.
    package var v7Time: Date? {
        guard uuid.6 >> 4 == 7 else { return nil }
        let stamp = [uuid.0, uuid.1, uuid.2, uuid.3, uuid.4, uuid.5].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Date(timeIntervalSince1970: Double(stamp) / 1000)
    }

    private init(high: UInt64, low: UInt64) {
        func byte(_ word: UInt64, _ place: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: word >> (56 - 8 * place)) }
        self.init(
            uuid: (
                byte(high, 0), byte(high, 1), byte(high, 2), byte(high, 3), byte(high, 4), byte(high, 5), byte(high, 6), byte(high, 7),
                byte(low, 0), byte(low, 1), byte(low, 2), byte(low, 3), byte(low, 4), byte(low, 5), byte(low, 6), byte(low, 7)
            ))
    }
}

/// Time and counter of the last one made: 48 + 12 bits.
private let lastStamp = Mutex<UInt64>(0)
