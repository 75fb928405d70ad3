import Foundation
import Postgres
import Records
import Tenancy

/// Cards that become contacts: each that means a contact there is changes what the card has, each other makes one.
///
/// Every card goes through the rules and rights of contacts by itself: what is wrong with one does not harm the others, and what was done
/// before a failure stays done.
package struct CardUpload: Sendable {
    private let contacts: RecordStore
    private let companies: RecordStore
    private let scope: TenantScope
    private let caller: Caller

    package init(contacts: RecordStore, companies: RecordStore, in scope: TenantScope) {
        self.contacts = contacts
        // A firm is found by its exact name; one that is only like it is none.
        var carefree = companies.caller
        carefree.allowsDuplicates = true
        self.companies = RecordStore(companies.type, of: companies.catalog, in: scope, for: carefree)
        self.scope = scope
        caller = contacts.caller
    }

    /// How each write of an upload that may be repeated is repeated.
    package struct Repetition: Sendable {
        let request: RepeatableRequest
        let document: @Sendable (Problem) -> JSON

        package init(_ request: RepeatableRequest, document: @escaping @Sendable (Problem) -> JSON) {
            self.request = request
            self.document = document
        }
    }

    /// `{"created", "updated", "problems"}`. Refuses the whole with `.malformed` when there is no card in the text, with `.tooLarge` when there
    /// are too many, with `.forbidden` when the caller may neither make nor change contacts.
    package func take(_ text: [UInt8], _ repetition: Repetition?) async throws -> JSON {
        let rights = caller.rights[contacts.type.name]
        guard rights.create || rights.update != .none else { throw Problem(.forbidden, "Your role may not write contacts.") }
        let reading = try VCard.Reading(text)
        var run = Run(
            known: try await KnownContacts(of: reading.entries.map(\.card), contacts.type, in: scope, for: caller),
            companies: try await companies(of: reading.entries.map(\.card)), problems: reading.findings.map(CardProblem.init))
        for entry in reading.entries {
            do {
                try await write(entry, repetition, &run)
            } catch {
                guard let problem = error as? Problem, problem.concernsOneCard else { throw error }
                run.problems += CardProblem.list(problem, entry.index)
            }
        }
        return [
            "created": JSON(run.created), "updated": JSON(run.updated), "problems": .array(run.problems.sorted().map(\.document)),
        ]
    }

    /// What is known so far.
    private struct Run {
        var known: KnownContacts
        /// By exact name.
        var companies: [String: String]
        var created: [String] = []
        var updated: [String] = []
        var problems: [CardProblem]
    }

    private func write(_ entry: VCard.Reading.Entry, _ repetition: Repetition?, _ run: inout Run) async throws {
        let card = entry.card
        let found = run.known[card]
        var fields = card.fields
        if let uid = card.uid, found == nil || found?.hasExternalID == false && uid.lowercased() != found?.id {
            fields.append(.init("external_id", .string(uid)))
        }
        let tags = (found?.tags ?? []) + card.categories.filter { found?.tags.contains($0) != true }
        if !card.categories.isEmpty { fields.append(.init("tags", JSON(tags))) }
        var body = fitting(.object(writable(fields, entry.index, &run)), entry.index, isCreate: found == nil, &run)
        try check(body, isCreate: found == nil)
        if let company = try await company(card, entry.index, repetition, &run) {
            body = .object((body.members ?? []) + [.init("company_id", .string(company))])
        }
        let answer = try await perform(repetition, "contact \(entry.index)") { repeatable in
            if let found { return try await contacts.patch(found.id, body, repeatable: repeatable) }
            return try await contacts.create(body, repeatable: repeatable)
        }
        guard let id = try answer.id ?? JSON(parsing: answer.body ?? [])["id"]?.string else { return }
        if answer.status == 201 {
            run.created.append(id)
        } else if !run.created.contains(id), !run.updated.contains(id) {
            run.updated.append(id)
        }
        run.known.remember(.init(id: id, hasExternalID: found?.hasExternalID == true || card.uid != nil, tags: tags), of: card)
    }

    /// Without what the caller's role does not show, and without what it may not write, which is said.
    private func writable(_ fields: [JSON.Member], _ index: Int, _ run: inout Run) -> [JSON.Member] {
        let type = contacts.type.name
        let shown = fields.filter { !caller.rights.isHidden($0.name, of: type) }
        for field in shown where caller.rights.isReadOnly(field.name, of: type) {
            run.problems.append(
                CardProblem(
                    index: index, pointer: "/" + field.name, code: "warning",
                    detail: "Your role may not write \(field.name); it was left out."))
        }
        return shown.filter { !caller.rights.isReadOnly($0.name, of: type) }
    }

    /// Without the values that a contact cannot hold, such as too long ones, which is said.
    private func fitting(_ fields: JSON, _ index: Int, isCreate: Bool, _ run: inout Run) -> JSON {
        do throws(Problem) {
            _ = try Draft(fields, of: contacts.type, by: caller, isCreate: isCreate)
            return fields
        } catch {
            let wrong = error.errors.filter { $0.code != .required }
            run.problems += wrong.map {
                CardProblem(index: index, pointer: $0.pointer, code: "warning", detail: "\($0.detail) It was left out.")
            }
            return fields.leavingOut(Set(wrong.map(\.pointer)))
        }
    }

    /// Refuses what makes no contact, before its company is made.
    private func check(_ body: JSON, isCreate: Bool) throws(Problem) {
        guard !isCreate || caller.rights[contacts.type.name].create else { throw Problem(.forbidden, "Your role may not create contacts.") }
        if isCreate, !Self.naming.contains(where: { body[$0] != nil }) {
            throw Problem(
                .invalid, "The card has no person's name and no e-mail address, of which a contact needs one; a firm's own card makes none."
            )
        }
        _ = try Draft(body, of: contacts.type, by: caller, isCreate: isCreate)
    }

    /// A contact has one of these.
    private static let naming = [Contacts.firstName, Contacts.lastName].map(\.definition.name) + [Contacts.email.definition.name]

    /// The company of the card's organisation: the oldest of exactly this name, else a new one, if the caller may make it.
    private func company(_ card: VCard, _ index: Int, _ repetition: Repetition?, _ run: inout Run) async throws -> String? {
        guard let name = card.organisation, writesCompany else { return nil }
        if let known = run.companies[name] { return known }
        do {
            let made = try await perform(repetition, "company \(index)") { repeatable in
                try await companies.create(["name": .string(name)], repeatable: repeatable)
            }
            let id = try made.id ?? JSON(parsing: made.body ?? [])["id"]?.string
            run.companies[name] = id
            return id
        } catch {
            guard let problem = error as? Problem, problem.concernsOneCard else { throw error }
            run.problems.append(
                CardProblem(
                    index: index, pointer: "/company_id", code: "warning", detail: "The organisation was left out: \(problem.detail)"))
            return nil
        }
    }

    private var writesCompany: Bool {
        let field = Contacts.company.definition.name
        return !caller.rights.isHidden(field, of: contacts.type.name) && !caller.rights.isReadOnly(field, of: contacts.type.name)
    }

    private func companies(of cards: [VCard]) async throws -> [String: String] {
        let names = Set(cards.compactMap(\.organisation))
        guard !names.isEmpty, !caller.rights.isHidden(Companies.companyName.definition.name, of: companies.type.name) else { return [:] }
        let rows = try await scope.rows(
            """
            SELECT DISTINCT ON (r.name) r.name, r.id FROM companies AS r
            WHERE r.deleted_at IS NULL AND r.name = ANY (\(Array(names))::text[]) AND \(caller.readable(companies.type))
            ORDER BY r.name, r.created_at, r.id
            """)
        return Dictionary(try rows.map { (try $0.text(0), try $0.text(1)) }, uniquingKeysWith: { first, _ in first })
    }

    /// Each write under a key of its own, which no client can send since it holds a space: an upload that broke off goes on where it was.
    private func perform(
        _ repetition: Repetition?, _ part: String, _ work: (RepeatableRequest?) async throws -> RecordAnswer
    ) async throws -> RecordAnswer {
        guard let repetition else { return try await work(nil) }
        let whole = repetition.request
        let request = RepeatableRequest(credential: whole.credential, key: "\(whole.key) \(part)", fingerprint: whole.fingerprint)
        let answer = try await request.perform(in: scope, document: repetition.document) { try await work(request) }
        guard answer.status >= 400 else { return answer }
        throw Problem(repeating: try JSON(parsing: answer.body ?? []))
    }
}
