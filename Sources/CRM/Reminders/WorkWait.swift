import Foundation
import Postgres
import Records
import Recurrence

/// What a reminder waits for that comes only when the firm is at work.
enum WorkWait: String, Sendable, Hashable, CaseIterable {
    /// The same time by the clock on the next business day.
    case businessDay = "business_days"
    /// The moment at which work begins again.
    case businessHours = "business_hours"

    static let names = allCases.map(\.rawValue)

    static let schema: [JSON.Member] = [
        .init(
            businessDay.rawValue,
            [
                "type": "boolean",
                "description":
                    "What falls on a holiday or a day without business hours comes on the next business day, at the same time by the clock.",
            ]),
        .init(
            businessHours.rawValue,
            ["type": "boolean", "description": "What falls outside the firm's business hours comes when they begin again."]),
    ]

    /// Of a reminder's `when`; nil when it comes whenever it is due.
    init?(_ document: JSON) {
        // Hours stand within a business day: who asks for both asks for them.
        guard let wait = [.businessHours, .businessDay].first(where: { (wait: WorkWait) in document[wait.rawValue]?.bool == true }) else {
            return nil
        }
        self = wait
    }

    /// Whether the column `m.moment` waits for either.
    static let isAsked: SQL = "(m.moment ->> 'business_days' = 'true' OR m.moment ->> 'business_hours' = 'true')"

    /// The time itself or the first after it for which it may come; the time where the firm never works.
    func time(from instant: Date, _ hours: BusinessHours, in zone: TimeZone) -> Date {
        switch self {
        case .businessDay: hours.onBusinessDay(instant, in: zone)
        case .businessHours: hours.opening(from: instant, in: zone) ?? instant
        }
    }
}
