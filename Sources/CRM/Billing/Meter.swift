import Foundation
import Postgres
import Records
import Recurrence
import Tenancy

/// Reads what a tenant has and did, for the days that are over and not read yet.
package struct Meter: Sendable {
    private let installation: Installation

    package init(_ installation: Installation) { self.installation = installation }

    /// Answers how many days were read. What there is (records, seats, bytes) is counted now, for all of them: nobody looked when they ended.
    package func catchUp(_ tenant: Tenant) async throws -> Int {
        let days = try await installation.metering.missing(of: tenant)
        guard let first = days.first, let last = days.last else { return 0 }
        let answers = try await installation.directory.scope(for: tenant).run(
            [
                "SELECT resource, \(Usage.used) FROM \(Usage.rows) AS counted WHERE resource = ANY (\(Self.resources)::text[])",
                """
                SELECT to_char(sent_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), count(*) FROM mails
                WHERE state = 'sent' AND sent_at >= \(first.text)::timestamp AT TIME ZONE 'UTC'
                    AND sent_at < \(last.adding(days: 1).text)::timestamp AT TIME ZONE 'UTC'
                GROUP BY 1
                """,
            ], isRepeatable: true)
        let used = try Dictionary(uniqueKeysWithValues: answers[0].map { (try $0.text(0), try $0.int(1)) })
        let mails = try Dictionary(uniqueKeysWithValues: answers[1].map { (try $0.text(0), try $0.int(1)) })
        let readings = days.map { day in
            MeterReading(
                day: day, records: used[Resource.records] ?? 0, seats: used[Resource.users] ?? 0, storageBytes: used[Resource.storage] ?? 0,
                mails: mails[day.text] ?? 0)
        }
        try await installation.metering.record(readings, of: tenant)
        return readings.count
    }

    private static let resources = [Resource.records, Resource.users, Resource.storage]
}
