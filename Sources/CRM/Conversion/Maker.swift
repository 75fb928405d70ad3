import Foundation
import Postgres
import Records
import Tenancy

/// Makes the records that a lead becomes, each as a write that waits for its transaction.
struct Maker: Sendable {
    let lead: ConvertibleLead
    let caller: Caller
    let catalog: Catalog
    let scope: TenantScope

    func store(_ type: String) throws(Problem) -> RecordStore {
        guard let found = catalog[type] else { throw .notFound }
        return RecordStore(found, of: catalog, in: scope, for: caller)
    }

    func company(_ id: UUID) async throws -> PlannedWrite {
        let draft = try copy(
            "companies", [(Companies.companyName, lead.companyName ?? lead.domain), (Companies.domain, lead.domain)])
        return try await creation("companies", id, draft)
    }

    func contact(_ id: UUID, of company: UUID?) async throws -> PlannedWrite {
        var draft = try copy(
            "contacts",
            [
                (Contacts.firstName, lead.firstName), (Contacts.lastName, lead.lastName), (Contacts.email, lead.email),
                (Contacts.phone, lead.phone), (Contacts.source, lead.source),
            ])
        draft.assign("tags", lead.tags.sqlValue)
        if let company { draft.assign("company_id", company.sqlValue) }
        return try await creation("contacts", id, draft)
    }

    /// Nil where the caller may not change the contact's company: then it stays as it is, for someone who may.
    func link(of contact: UUID, to company: UUID) async throws -> PlannedWrite? {
        let isClosed = caller.rights.isHidden("company_id", of: "contacts") || caller.rights.isReadOnly("company_id", of: "contacts")
        let reach = caller.rights["contacts"].update
        let rows = try await scope.rows("SELECT FROM contacts AS r WHERE r.id = \(contact) AND \(caller.within(reach, "r"))")
        guard !isClosed, !rows.isEmpty else { return nil }
        var draft = Draft.empty
        draft.assign("company_id", company.sqlValue)
        return try await store("contacts").change(of: contact.text, by: draft)
    }

    /// The deal as it was ordered, with what follows from the lead where the order says nothing.
    func deal(_ id: UUID, _ order: JSON, _ contact: UUID?, _ company: UUID?, _ companyName: String?) async throws -> PlannedWrite {
        let deals = try store("deals")
        var members = order.members ?? []
        func suggest(_ name: String, _ value: String?) {
            if order[name] == nil, let value { members.append(.init(name, .string(value))) }
        }
        let start = try await start(of: order)
        suggest("name", companyName ?? lead.personName)
        suggest("pipeline_id", start.pipeline)
        suggest("stage_id", start.stage)
        guard caller.rights["deals"].create else { throw Problem(.forbidden, "Your role may not create deals.") }
        return try await Self.under("/create_deal") {
            var draft = try Draft(.object(members), of: deals.type, by: caller, isCreate: true)
            // Made or found just now; the caller's right to read them is no question.
            if order["contact_id"] == nil, let contact { draft.assign("contact_id", contact.sqlValue) }
            if order["company_id"] == nil, let company { draft.assign("company_id", company.sqlValue) }
            if order["owner_id"] == nil, let owner = lead.owner { draft.assign("owner_id", owner.sqlValue) }
            var write = try await deals.creation(of: draft, id: id)
            write.place = "/create_deal"
            return write
        }
    }

    /// Where a deal begins: in the oldest pipeline, or in the one that the order or its stage names; in its first open stage.
    private func start(of order: JSON) async throws -> (pipeline: String?, stage: String?) {
        let pipeline = order["pipeline_id"]?.string.flatMap(UUID.init(text:))
        let stage = order["stage_id"]?.string.flatMap(UUID.init(text:))
        let rows = try await scope.rows(
            """
            SELECT r.id, (SELECT id FROM stages WHERE pipeline_id = r.id AND kind = 'open' ORDER BY position LIMIT 1)
            FROM pipelines AS r
            WHERE r.deleted_at IS NULL AND \(caller.readable(Pipelines.type))
                AND r.id = coalesce(\(pipeline)::uuid, (SELECT pipeline_id FROM stages WHERE id = \(stage)::uuid), r.id)
            ORDER BY r.created_at, r.id LIMIT 1
            """)
        return (rows.first?.optionalText(0), rows.first?.optionalText(1))
    }

    /// The lead says what it became.
    func conversion(_ contact: UUID?, _ company: UUID?, _ deal: UUID?) async throws -> PlannedWrite {
        var draft = Draft.empty
        draft.assign("status", "converted".sqlValue)
        draft.assign("converted_contact_id", contact.sqlValue)
        draft.assign("converted_company_id", company.sqlValue)
        draft.assign("converted_deal_id", deal.sqlValue)
        draft.assign("converted_at", SQL(code: "now()"))
        return try await store("leads").change(of: lead.id.text, by: draft)
    }

    /// What the lead knows, whether or not the caller may write each of these fields by hand.
    private func copy(_ type: String, _ values: [(Field<String>, String?)]) throws(Problem) -> Draft {
        guard caller.rights[type].create else { throw Problem(.forbidden, "Your role may not create \(type).") }
        var service = caller
        service.rights.hiddenFields = [:]
        service.rights.readOnlyFields = [:]
        let members = values.compactMap { field, value in value.map { JSON.Member(field.definition.name, .string($0)) } }
        let type = try store(type).type
        var draft: Draft
        do throws(Problem) {
            draft = try Draft(.object(members), of: type, by: service, isCreate: true)
        } catch {
            throw error.under("/\(type.singular)")
        }
        if let owner = lead.owner { draft.assign("owner_id", owner.sqlValue) }
        return draft
    }

    private func creation(_ type: String, _ id: UUID, _ draft: Draft) async throws -> PlannedWrite {
        let store = try store(type)
        var write = try await store.creation(of: draft, id: id)
        write.place = "/\(store.type.singular)"
        return write
    }

    private static func under<T>(_ place: String, _ work: () async throws -> T) async throws -> T {
        do {
            return try await work()
        } catch let problem as Problem {
            throw problem.under(place)
        }
    }
}
