import Foundation
import Postgres
import Records

/// A lead as a conversion needs it, read on behalf of someone who may change it.
struct ConvertibleLead: Sendable, Hashable {
    let id: UUID
    let version: Int
    let owner: String?
    let firstName: String?
    let lastName: String?
    let companyName: String?
    let email: String?
    let phone: String?
    let source: String?
    let tags: [String]

    /// The row, locked if it is about to be converted.
    static func query(_ id: UUID, for caller: Caller, locked: Bool) -> SQL {
        """
        SELECT r.version, r.owner_id, r.first_name, r.last_name, r.company_name, r.email, r.phone, r.source, r.tags,
            r.converted_at IS NOT NULL, r.converted_contact_id, r.converted_company_id, r.converted_deal_id,
            \(caller.within(caller.rights["leads"].update, "r"))
        FROM leads AS r WHERE r.id = \(id) AND r.deleted_at IS NULL AND \(caller.readable(Leads.type))
        """ + (locked ? " FOR UPDATE" : "")
    }

    /// Refuses with `.notFound`, with `.forbidden`, or with `.conflict` and what the lead became when it is converted already.
    init(_ id: UUID, _ rows: Rows, for caller: Caller) throws {
        guard let row = rows.first else { throw Problem.notFound }
        guard try row.bool(13) else { throw Problem(.forbidden, "Your role may read this lead but not change it.") }
        guard try !row.bool(9) else { throw Self.converted(row, for: caller) }
        self.id = id
        version = try row.int(0)
        owner = row.optionalText(1)
        firstName = row.optionalText(2)
        lastName = row.optionalText(3)
        companyName = row.optionalText(4)
        email = row.optionalText(5)
        phone = row.optionalText(6)
        source = row.optionalText(7)
        tags = try row.texts(8)
    }

    private static func converted(_ row: Row, for caller: Caller) -> Problem {
        let fields = [(Leads.convertedContact, 10), (Leads.convertedCompany, 11), (Leads.convertedDeal, 12)]
        let members = fields.flatMap { field, column -> [JSON.Member] in
            let name = field.definition.name
            let id = caller.rights.isHidden(name, of: "leads") ? JSON.null : JSON(row.optionalText(column))
            return [.init(String(name.dropFirst("converted_".count)), id), .init(name, id)]
        }
        return Problem(.conflict, "This lead has been converted; go on with what it became.", members: members)
    }

    /// What a contact needs at least.
    var isPerson: Bool { firstName != nil || lastName != nil || email != nil }

    /// What people call the person.
    var personName: String? {
        let name = [firstName, lastName].compactMap { $0 }.joined(separator: " ")
        return name.isEmpty ? email : name
    }

    /// The firm's domain, if the e-mail address tells one.
    var domain: String? {
        guard let host = email?.split(separator: "@").last?.lowercased(), DomainName.isWellFormed(host), !FreeMail.hosts(host) else {
            return nil
        }
        return host
    }
}
