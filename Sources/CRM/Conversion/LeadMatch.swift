import Foundation
import Postgres
import Records

/// Who is known already of those a lead is about, as far as the caller may read them.
struct LeadMatch: Sendable, Hashable {
    let contact: UUID?
    /// Whom the contact works for.
    let employer: UUID?
    let company: UUID?
    let companyName: String?

    /// The contact with the lead's e-mail address; the company with its domain, else the oldest of exactly the name given, else the one
    /// that the contact works for.
    static func query(_ lead: ConvertibleLead, for caller: Caller) -> SQL {
        """
        SELECT contact.id, contact.company_id, company.id, company.name
        FROM (SELECT) AS nothing
            LEFT JOIN LATERAL (
                SELECT r.id, r.company_id FROM contacts AS r
                WHERE lower(r.email) = lower(\(lead.email)::text) AND r.deleted_at IS NULL AND \(caller.readable(Contacts.type))
            ) AS contact ON true
            LEFT JOIN LATERAL (
                SELECT found.id, found.name
                FROM (
                    SELECT r.id, r.name, 1 AS rank FROM companies AS r
                    WHERE lower(r.domain) = \(lead.domain)::text AND r.deleted_at IS NULL AND \(caller.readable(Companies.type))
                    UNION ALL
                    SELECT r.id, r.name, 2 FROM companies AS r
                    WHERE r.name COLLATE "und-x-icu" = \(lead.companyName)::text AND r.deleted_at IS NULL
                        AND \(caller.readable(Companies.type))
                    UNION ALL
                    SELECT r.id, r.name, 3 FROM companies AS r
                    WHERE r.id = contact.company_id AND r.deleted_at IS NULL AND \(caller.readable(Companies.type))
                        AND coalesce(\(lead.domain), \(lead.companyName)) IS NULL
                ) AS found
                ORDER BY found.rank, found.id LIMIT 1
            ) AS company ON true
        """
    }

    init(_ rows: Rows) throws {
        guard let row = rows.first else { throw PostgresError.unexpected("A match is always one row.") }
        contact = try row.optionalUUID(0)
        employer = try row.optionalUUID(1)
        company = try row.optionalUUID(2)
        companyName = row.optionalText(3)
    }
}
