import Foundation
import Postgres
import Records
import Secrets
import Tenancy

/// Sample data for a first look: a trading firm's colleagues, 300 companies and 2,000 contacts, 400 deals with what was done for them
/// and what is to be done, and leads, entered over the last two years.
///
/// Mail addresses end in `.example` (RFC 2606) and telephone numbers are kept for fiction: nobody real is ever written to.
package enum Demo {
    /// The colleagues beside the administrator, who is made with the tenant.
    package struct Colleague: Sendable {
        package let email: String
        package let name: String
        package let role: Roles.BuiltIn
    }

    package static let administrator = (email: "anna.keller@acme.example", name: "Anna Keller")

    package static let colleagues = [
        Colleague(email: "marc.dubois@acme.example", name: "Marc Dubois", role: .manager),
        Colleague(email: "sofia.lindqvist@acme.example", name: "Sofia Lindqvist", role: .member),
        Colleague(email: "james.oconnor@acme.example", name: "James O'Connor", role: .member),
        Colleague(email: "yuki.tanaka@acme.example", name: "Yuki Tanaka", role: .readOnly),
    ]

    /// Fills a fresh tenant in one transaction, as its administrator, or finds that it has been filled and does nothing. All colleagues get
    /// the password whose hash is given.
    package static func load(into scope: TenantScope, passwordHash: String, now: Date = .now) async throws {
        let records = DemoRecords()
        let administrator = scope.tenant.adminID
        try await scope.limited(to: .seconds(60)).transaction { transaction in
            // Two starts at once: the second waits here, and then finds what the first wrote.
            _ = try transaction.rows("SELECT id FROM users WHERE id = \(administrator) FOR UPDATE")
            guard try transaction.rows("SELECT FROM changes WHERE type = 'contacts' LIMIT 1").isEmpty else { return }
            let colleagues = try addColleagues(transaction, by: administrator, passwordHash)
            let owners = [administrator] + colleagues
            let companies = records.companies.map { row($0, owners, now) }
            let ids = companies.map { $0["id"] ?? .null }
            let contacts = records.contacts.map { row($0, records.companies, ids, owners, now) }
            try insert(companies, into: Companies.type, by: administrator, transaction)
            try insert(contacts, into: Contacts.type, by: administrator, transaction)
            try insert(
                try sales(records, companies, contacts, now, transaction), by: administrator, transaction)
            try transaction.flush(
                Usage.recounted(Resource.users, of: Users.counted, scope.entitlements) + Usage.settled(Catalog([]), scope.entitlements))
        }
        // The planner knows nothing of rows that came in a second ago.
        _ = try await scope.run(["ANALYZE companies, contacts, leads, deals, deal_stages, activities, tasks, changes"])
    }

    /// Deals go through the pipeline that the tenant was made with.
    private static func sales(
        _ records: DemoRecords, _ companies: [JSON], _ contacts: [JSON], _ now: Date, _ transaction: borrowing Transaction
    ) throws -> DemoSalesRows {
        let stages = try transaction.rows("SELECT id, kind, probability, pipeline_id FROM stages ORDER BY position")
        return DemoSalesRows(
            DemoSales(records), companies: companies.map { $0["id"] ?? .null }, contacts: contacts.map { $0["id"] ?? .null },
            owners: companies.map { $0["owner_id"] ?? .null },
            stages: try stages.map { .init(id: .string(try $0.text(0)), kind: try $0.text(1), probability: try $0.int(2)) },
            pipeline: .string(try stages[0].text(3)), now: now, zone: "Europe/Berlin")
    }

    private static func insert(_ rows: DemoSalesRows, by administrator: UUID, _ transaction: borrowing Transaction) throws {
        try insert(rows.leads, into: Leads.type, by: administrator, transaction)
        try insert(rows.deals, into: Deals.type, by: administrator, transaction)
        _ = try transaction.rows(
            """
            INSERT INTO deal_stages (id, deal_id, stage_id, entered_at, left_at, actor_type, actor_id)
            SELECT id, deal_id, stage_id, entered_at, left_at, actor_type, actor_id
            FROM jsonb_populate_recordset(NULL::deal_stages, \(JSON.array(rows.history).text)::jsonb)
            """)
        try insert(rows.activities, into: Activities.type, by: administrator, transaction)
        try insert(rows.tasks, into: Tasks.type, by: administrator, transaction)
    }

    private static func addColleagues(_ transaction: borrowing Transaction, by administrator: UUID, _ passwordHash: String) throws -> [UUID]
    {
        try colleagues.map { colleague in
            let id = UUID.v7()
            _ = try transaction.rows(
                """
                INSERT INTO users (id, email, name, role_id, status, password_hash, owner_id, created_by_type, created_by_id)
                SELECT \(id), \(colleague.email), \(colleague.name), id, 'active', \(passwordHash), \(administrator), 'user', \(administrator)
                FROM roles WHERE key = \(colleague.role.rawValue)
                """)
            return id
        }
    }

    /// All rows in one statement, and the change log's rows in another, as the engine would have written them one by one.
    private static func insert(_ rows: [JSON], into type: RecordType, by administrator: UUID, _ transaction: borrowing Transaction) throws {
        guard let columns = rows.first?.members?.map(\.name) else { return }
        let names = SQL(code: columns.joined(separator: ", "))
        let document = JSON.array(rows).text
        _ = try transaction.rows(
            SQL(code: "INSERT INTO \(type.name) (") + names + ", created_by_type, created_by_id, updated_by_type, updated_by_id) SELECT "
                + names
                + ", 'user', \(administrator)::uuid, 'user', \(administrator)::uuid FROM jsonb_populate_recordset("
                + SQL(code: "NULL::\(type.name), ") + "\(document)::jsonb)")
        let changes = rows.map { _ in UUID.v7() }
        _ = try transaction.rows(
            """
            INSERT INTO changes (id, at, type, record_id, version, action, actor_type, actor_id, fields)
            SELECT change, record.created_at, \(type.name), record.id, 1, 'create', 'user', \(administrator)::uuid,
                cell.field_changes('{}', \(SQL(code: type.loggedJSON("record"))))
            FROM (SELECT *, row_number() OVER (ORDER BY created_at, id) AS place FROM \(SQL(code: type.name))) AS record
            JOIN unnest(\(changes)::uuid[]) WITH ORDINALITY AS given (change, place) USING (place)
            """)
    }

    private static func row(_ company: DemoRecords.Company, _ owners: [UUID], _ now: Date) -> JSON {
        let entered = JSON(time(now, ago: company.age))
        return [
            "id": JSON(UUID.v7().text), "version": 1, "created_at": entered, "updated_at": entered,
            "owner_id": JSON(owners[company.number % owners.count].text), "tags": JSON(company.tags),
            "name": .string(company.name), "domain": .string(company.domain), "industry": .string(company.industry),
            "employees": JSON(company.employees), "phone": JSON(company.phone), "website": .string("https://www.\(company.domain)"),
            "address_street": .string(company.street), "address_city": .string(company.city.name),
            "address_region": JSON(company.city.region),
            "address_postal_code": .string(company.postalCode), "address_country": .string(company.country.code),
            "external_id": .string("A-\(10_000 + company.number)"),
        ]
    }

    private static func row(
        _ contact: DemoRecords.Contact, _ companies: [DemoRecords.Company], _ companyIDs: [JSON], _ owners: [UUID], _ now: Date
    ) -> JSON {
        let company = companies[contact.company]
        let entered = JSON(time(now, ago: contact.age))
        return [
            "id": JSON(UUID.v7().text), "version": 1, "created_at": entered, "updated_at": entered,
            "owner_id": JSON(owners[company.number % owners.count].text), "tags": JSON(contact.tags),
            "first_name": .string(contact.firstName), "last_name": .string(contact.lastName), "email": .string(contact.email),
            "phone": JSON(contact.phone), "title": .string(contact.title), "company_id": companyIDs[contact.company],
            "lifecycle_stage": .string(contact.lifecycleStage), "source": .string(contact.source),
            "address_street": .string(company.street), "address_city": .string(company.city.name),
            "address_region": JSON(company.city.region),
            "address_postal_code": .string(company.postalCode), "address_country": .string(company.country.code),
            "birthday": JSON(contact.birthday), "language": .string(company.country.language),
            "time_zone": .string(company.country.timeZone),
            "email_opt_out": .bool(contact.emailOptOut), "external_id": .string("C-\(10_000 + contact.number)"),
        ]
    }

    private static func time(_ now: Date, ago seconds: Int) -> String {
        now.addingTimeInterval(-Double(seconds)).formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
