import Foundation
import Postgres
import Recurrence

/// What one tenant had at the end of a day, and what it did on it.
package struct MeterReading: Sendable, Hashable {
    package let day: CivilDate
    /// Outside the trash.
    package let records: Int
    /// Active and invited people.
    package let seats: Int
    package let storageBytes: Int
    package let mails: Int
    package let apiCalls: Int

    package init(day: CivilDate, records: Int, seats: Int, storageBytes: Int, mails: Int, apiCalls: Int = 0) {
        self.day = day
        self.records = records
        self.seats = seats
        self.storageBytes = storageBytes
        self.mails = mails
        self.apiCalls = apiCalls
    }
}

/// The readings of all tenants, one for each day that is over. They are only added, and each once: whoever reads a day a second time changes
/// nothing.
package struct Metering: Sendable {
    let control: Control

    /// Days of a tenant that are over and not read yet, the oldest first: since the day it was made, four hundred at most.
    package func missing(of tenant: Tenant) async throws -> [CivilDate] {
        try await control.rows(
            """
            SELECT to_char(day, 'YYYY-MM-DD') FROM tenants CROSS JOIN LATERAL generate_series(
                greatest(
                    (created_at AT TIME ZONE 'UTC')::date, (now() AT TIME ZONE 'UTC')::date - 400,
                    (SELECT max(day) + 1 FROM metering WHERE tenant_id = tenants.id))::timestamp,
                ((now() AT TIME ZONE 'UTC')::date - 1)::timestamp, interval '1 day') AS day
            WHERE id = \(tenant.id) ORDER BY day
            """
        ).map { row throws(PostgresError) in try CivilDate(row, 0) }
    }

    /// Writes what was read; the calls of each day come from what the processes have counted.
    package func record(_ readings: [MeterReading], of tenant: Tenant) async throws {
        _ = try await control.run(
            [
                """
                INSERT INTO metering (tenant_id, day, records, seats, storage_bytes, mails, api_calls)
                SELECT \(tenant.id), day, records, seats, bytes, mails, calls + coalesce(
                    (SELECT counted.calls FROM api_calls AS counted WHERE counted.tenant_id = \(tenant.id) AND counted.day = given.day), 0)
                FROM unnest(
                    \(readings.map(\.day.text))::date[], \(readings.map(\.records))::bigint[], \(readings.map(\.seats))::bigint[],
                    \(readings.map(\.storageBytes))::bigint[], \(readings.map(\.mails))::bigint[], \(readings.map(\.apiCalls))::bigint[])
                    AS given (day, records, seats, bytes, mails, calls)
                ON CONFLICT DO NOTHING
                """,
                // The reading has it; a month later nobody asks why.
                "DELETE FROM api_calls WHERE tenant_id = \(tenant.id) AND day < (now() AT TIME ZONE 'UTC')::date - 40",
            ], isRepeatable: true)
    }

    /// Those of a period, the oldest first.
    package func readings(of tenant: UUID, in period: BillingPeriod) async throws -> [MeterReading] {
        try await control.rows(Self.readings(of: tenant, in: period)).map { row throws(PostgresError) in try MeterReading(row) }
    }

    static func readings(of tenant: UUID, in period: BillingPeriod) -> SQL {
        """
        SELECT to_char(day, 'YYYY-MM-DD'), records, seats, storage_bytes, mails, api_calls FROM metering
        WHERE tenant_id = \(tenant) AND day BETWEEN \(period.first.text)::date AND \(period.last.text)::date ORDER BY day
        """
    }
}

extension MeterReading {
    init(_ row: Row) throws(PostgresError) {
        self.init(
            day: try CivilDate(row, 0), records: try row.int(1), seats: try row.int(2), storageBytes: try row.int(3), mails: try row.int(4),
            apiCalls: try row.int(5))
    }
}

extension CivilDate {
    /// A day as a query wrote it: `YYYY-MM-DD`.
    init(_ row: Row, _ column: Int) throws(PostgresError) {
        let text = try row.text(column)
        guard let day = CivilDate(text) else { throw .unexpected("\"\(text)\" is not a day.") }
        self = day
    }
}

extension Installation {
    package var metering: Metering { Metering(control: control) }
}
