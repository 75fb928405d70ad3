import Foundation
import Postgres
import Records
import Secrets
import Tenancy

/// What one conversion will write, made before its transaction: nobody waits under locks while it is made.
struct ConversionPlan: Sendable {
    private let lead: ConvertibleLead
    private let match: LeadMatch
    private let contacts: RecordStore
    private let companies: RecordStore
    private var newCompany: PlannedWrite?
    private var newContact: PlannedWrite?
    /// The known contact begins to work for the company.
    private var linking: PlannedWrite?
    private var newDeal: PlannedWrite?
    private let converting: PlannedWrite

    /// Refuses with `.forbidden` where something would be made that the caller may not make, and with `.invalid` where the deal wanted,
    /// or what the tenant demands of its contacts and companies, is not there.
    init(_ lead: ConvertibleLead, _ match: LeadMatch, deal order: JSON?, by caller: Caller, _ catalog: Catalog, in scope: TenantScope)
        async throws
    {
        self.lead = lead
        self.match = match
        let makes = Maker(lead: lead, caller: caller, catalog: catalog, scope: scope)
        contacts = try makes.store("contacts")
        companies = try makes.store("companies")
        let company = match.company ?? (lead.companyName != nil || lead.domain != nil ? UUID.v7() : nil)
        let contact = match.contact ?? (lead.isPerson ? UUID.v7() : nil)
        if let company, match.company == nil { newCompany = try await makes.company(company) }
        if let contact, match.contact == nil { newContact = try await makes.contact(contact, of: company) }
        if let contact, match.contact != nil, match.employer == nil, let company {
            linking = try await makes.link(of: contact, to: company)
        }
        var deal: UUID?
        if let order {
            let id = UUID.v7()
            newDeal = try await makes.deal(id, order, contact, company, match.companyName ?? lead.companyName ?? lead.domain)
            deal = id
        }
        converting = try await makes.conversion(contact, company, deal)
    }

    /// Whether what was read for it still holds.
    func fits(_ lead: ConvertibleLead, _ match: LeadMatch) -> Bool { self.lead == lead && self.match == match }

    /// Everything in the order in which nothing refers to what is not there; answers the four records.
    func run(in transaction: borrowing Transaction) throws -> [UInt8] {
        var company = try newCompany?.run(in: transaction)
        if let known = match.company { company = try companies.get(known, in: transaction) }
        var contact = try newContact?.run(in: transaction)
        if let linking {
            contact = try linking.run(in: transaction)
        } else if let known = match.contact {
            contact = try contacts.get(known, in: transaction)
        }
        let deal = try newDeal?.run(in: transaction)
        let lead = try converting.run(in: transaction, isLast: true)
        return Self.document([("lead", lead), ("contact", contact), ("company", company), ("deal", deal)])
    }

    /// `{"lead":{..},"contact":{..} or null,..}` of what each record is answered with.
    private static func document(_ records: [(name: String, answer: RecordAnswer?)]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (name, answer) in records {
            bytes += (bytes.isEmpty ? "{" : ",").utf8
            bytes += "\"\(name)\":".utf8
            bytes += answer?.body ?? Array("null".utf8)
        }
        return bytes + "}".utf8
    }
}
