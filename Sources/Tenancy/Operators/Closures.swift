import Foundation
import Postgres

/// The times in which a tenant was closed to writing, as the audit tells of them.
package struct Closures: Sendable, Hashable {
    private let times: [Range<Date>]

    package static let none = Closures([])

    /// Reads what operators and the calendar did, in the order of time. One that has not ended reaches to the end of days.
    init(_ deeds: [(verb: TenantVerb, at: Date)]) {
        var open: [TenantVerb: Date] = [:]
        var times: [Range<Date>] = []
        func end(_ verb: TenantVerb, at moment: Date) {
            if let start = open.removeValue(forKey: verb), start < moment { times.append(start..<moment) }
        }
        for deed in deeds {
            switch deed.verb {
            case .suspend, .scheduleDeletion: open[deed.verb] = open[deed.verb] ?? deed.at
            case .resume: end(.suspend, at: deed.at)
            case .cancelDeletion: end(.scheduleDeletion, at: deed.at)
            default: break
            }
        }
        for verb in open.keys.sorted(by: { $0.rawValue < $1.rawValue }) { end(verb, at: .distantFuture) }
        self.times = times
    }

    package var isEmpty: Bool { times.isEmpty }

    package func contains(_ instant: Date) -> Bool { times.contains { $0.contains(instant) } }

    /// Whether any of it lies between two instants.
    package func touches(from start: Date, to end: Date) -> Bool {
        start < end && times.contains { $0.overlaps(start..<end) }
    }
}

extension Audit {
    /// Of the last hundred times that a tenant was closed or opened.
    package func closures(of slug: String) async throws -> Closures {
        let verbs: [TenantVerb] = [.suspend, .resume, .scheduleDeletion, .cancelDeletion]
        let rows = try await control.rows(
            """
            SELECT action, at FROM audit WHERE target = \(slug) AND action = ANY (\(verbs.map(\.rawValue))::text[]) ORDER BY seq DESC LIMIT 100
            """)
        return Closures(
            try rows.reversed().compactMap { row in
                let at = try row.date(1)
                return TenantVerb(rawValue: try row.text(0)).map { ($0, at) }
            })
    }
}
