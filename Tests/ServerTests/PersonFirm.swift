import CRM
import Foundation
import HTTPTypes
import Jobs
import Postgres
import Records
import Support

@testable import Server

/// A firm that knows one person in every way there is, each by words that stand nowhere else.
struct PersonFirm {
    /// What a worker would have to do with the person.
    struct Letter: Job {
        static let kind = JobKind("letter")
        let text: String
    }

    let firm: MergeFirm
    let contact: String
    /// Merged into the contact.
    let twin: String
    let lead: String
    let ownActivity: String
    let sharedActivity: String
    /// With nobody, about the person's own deal and about that with the firm.
    let dealTalk: String
    let firmTalk: String
    let task: String
    /// About the person's own deal and about that with the firm.
    let dealTask: String
    let firmTask: String
    /// Of a type that the firm made itself, with words about the person.
    let machine: String
    /// About the lead, the deal with the firm and the machine.
    let reminders: [String]
    let privateDeal: String
    let firmDeal: String
    let other: String
    /// What must not be found anywhere afterwards.
    let words: [String]

    init() async throws {
        let firm = try await MergeFirm()
        let (admin, mark) = (firm.admin, TestSite.unique())
        // Letters that no other word has, and signs that would end a text where it is not written with care.
        let word = { (name: String) in "Zq\(name)\(mark)" }
        let hostile = { (name: String) in "\(word(name))'\"\\%_$1;--<b>" }
        let keyed = admin.with(.idempotencyKey, "once")
        for (type, name) in [("contacts", "badge"), ("activities", "memo"), ("leads", "badge")] {
            _ = try await firm.make("custom_fields", ["type": .string(type), "name": .string(name), "label": "L", "kind": "text"])
        }
        let plural = try await firm.ownType()
        let company = try await firm.make("companies", ["name": "Innocent Ltd"])
        let email = "\(word("mail"))@example.com"
        other = try await firm.make("contacts", ["last_name": "Bystander"])

        lead = try await firm.make(
            "leads",
            [
                "first_name": .string(hostile("first")), "last_name": .string(hostile("last")), "email": .string(email),
                "phone": "+49 177 9081726", "source": .string(hostile("leadsource")), "custom": ["badge": .string(hostile("leadbadge"))],
                "tags": [.string(word("leadtag"))],
            ])
        contact = try await RightsFirm.id(
            of: keyed.post(
                "/v1/contacts",
                [
                    "first_name": .string(hostile("first")), "last_name": .string(hostile("maiden")), "email": .string(email),
                    "phone": "+49 177 9081726", "title": .string(hostile("title")), "source": .string(hostile("source")),
                    "address": ["street": .string(hostile("street")), "city": .string(hostile("city")), "country": "DE"],
                    "external_id": .string(hostile("external")), "tags": [.string(word("tag"))],
                    "custom": ["badge": .string(hostile("badge"))],
                ]))
        _ = try await admin.patch("/v1/contacts/\(contact)", ["last_name": .string(hostile("last"))])
        guard try await admin.send(.post, "/v1/leads/\(lead)/convert").status == 200 else { throw Unexpected("no conversion") }
        twin = try await firm.make("contacts", ["last_name": .string(hostile("twin")), "phone": "+49 177 5550000"])
        guard try await firm.merge("contacts", contact, [twin]).status == 200 else { throw Unexpected("no merge") }

        ownActivity = try await RightsFirm.id(
            of: admin.with(.idempotencyKey, "talk").post(
                "/v1/activities",
                [
                    "kind": "call", "subject": .string(hostile("subject")), "body": .string(hostile("body")), "at": "2026-01-01T09:00:00Z",
                    "contact_ids": [.string(contact)], "custom": ["memo": .string(hostile("memo"))], "duration_minutes": 30,
                ]))
        sharedActivity = try await firm.make(
            "activities",
            [
                "kind": "meeting", "subject": .string("Lunch with \(hostile("first")) \(hostile("last")) and others"),
                "body": .string("Write to \(email.uppercased())."), "at": "2026-01-02T09:00:00Z",
                "contact_ids": [.string(contact), .string(other)],
            ])
        task = try await firm.make(
            "tasks",
            [
                "title": .string(hostile("task")), "body": .string(hostile("taskbody")),
                "about": ["type": "contacts", "id": .string(contact)],
            ])
        privateDeal = try await firm.deal([
            .init("name", .string(hostile("flat"))), .init("contact_id", .string(contact)),
            .init("amount", ["amount": "1200.50", "currency": "EUR"]),
        ])
        firmDeal = try await firm.deal([
            .init("name", .string("Pumps for \(hostile("last"))")), .init("contact_id", .string(contact)),
            .init("company_id", .string(company)), .init("amount", ["amount": "99.00", "currency": "EUR"]),
        ])
        machine = try await firm.make(
            plural,
            [
                "serial": "1", "operator_ref": .string(contact),
                "notes": .string("Ask \(hostile("first")) \(hostile("last")) or write to \(email)."),
            ])
        dealTalk = try await firm.make(
            "activities",
            [
                "kind": "note", "subject": .string(hostile("dealtalk")), "body": .string(hostile("dealnote")), "at": "2026-01-03T09:00:00Z",
                "deal_id": .string(privateDeal),
            ])
        firmTalk = try await firm.make(
            "activities",
            [
                "kind": "note", "subject": .string("\(hostile("last")) is the buyer"), "body": .string("Reach \(email) first."),
                "at": "2026-01-04T09:00:00Z", "deal_id": .string(firmDeal),
            ])
        dealTask = try await firm.make(
            "tasks", ["title": .string(hostile("dealtask")), "about": ["type": "deals", "id": .string(privateDeal)]])
        firmTask = try await firm.make(
            "tasks", ["title": .string("Call \(hostile("last")) back"), "about": ["type": "deals", "id": .string(firmDeal)]])
        var reminders: [String] = []
        for (type, id) in [("leads", lead), ("deals", firmDeal), (plural, machine)] {
            let reminder: JSON = [
                "about": ["type": .string(type), "id": .string(id)], "when": ["local": "2031-01-31T09:00", "time_zone": "UTC"],
                "recipients": ["owner"], "subject": .string("Write to \(email)"), "body": .string("It is \(email)."),
            ]
            reminders.append(try await firm.make("reminders", reminder))
        }
        self.reminders = reminders
        let found = admin.with(.idempotencyKey, "found")
        _ = try await found.post("/v1/contacts/search", ["q": .string(word("last"))])
        _ = try await admin.with(.idempotencyKey, "batch").post(
            "/v1/contacts/batch", ["operations": [["op": "update", "id": .string(contact), "body": ["title": .string(hostile("chief"))]]]])
        // Files on everything; that on the firm's deal stays without the person's name.
        for (type, id, name) in [
            ("contacts", contact, word("contactfile")), ("leads", lead, word("leadfile")),
            ("activities", ownActivity, word("talkfile")), ("tasks", task, word("taskfile")), ("deals", privateDeal, word("dealfile")),
            ("activities", sharedActivity, "Menu for \(hostile("maiden"))"), ("deals", firmDeal, "Offer to \(hostile("maiden"))"),
        ] {
            let title = "\(name).pdf".addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
            let address = "/v1/\(type)/\(id)/attachments?name=\(title)"
            let made = try await admin.with(.idempotencyKey, "file-\(id)").send(.post, address, bytes: Array(name.utf8), type: "text/plain")
            guard made.status == 201 else { throw Unexpected(made) }
        }
        let scope = try await firm.firm.scope()
        _ = try await scope.run([
            .enqueue(Letter(text: "Dear \(hostile("last")),"), at: .now.addingTimeInterval(86_400)),
            .enqueue(Letter(text: contact.uppercased()), at: .now.addingTimeInterval(86_400)),
            .enqueue(Letter(text: "Dear all,"), at: .now.addingTimeInterval(86_400)),
            """
            INSERT INTO mails (id, kind, recipient, subject, state, sent_at)
            VALUES (cell.uuid_v7(), 'reminder', \(email), \(word("mailsubject")), 'sent', now())
            """,
            "INSERT INTO suppressions (address, reason) VALUES (\(email.lowercased()), 'unsubscribed')",
        ])
        // What the firm's own people were reminded of.
        for (id, subject) in [
            (contact, "Reminder: \(word("callsubject"))"), (task, word("duesubject")), (privateDeal, word("flatsubject")),
            (firmDeal, "Reminder: Pumps for \(hostile("last"))"),
        ] {
            _ = try await scope.run([
                """
                INSERT INTO mails (id, kind, recipient, subject, about_id, state, sent_at)
                VALUES (cell.uuid_v7(), 'reminder', 'owner@firm.example', \(subject), \(id)::uuid, 'sent', now())
                """
            ])
        }

        // A file that nobody has started, and one of which a row was not taken.
        let table = try await Self.upload(firm, [["Email", "City"], [email, hostile("filecity")], ["x@example.com", "Bonn"]])
        for (number, name) in ["rejectcity", "othercity"].enumerated() {
            let cells = number == 0 ? [hostile("first"), hostile("last"), hostile(name)] : ["Some", "Body", "Bonn"]
            _ = try await scope.run([
                """
                INSERT INTO import_errors (import_id, row, columns, reasons, codes, places, cells)
                VALUES (\(table), \(number + 1), ARRAY['city'], ARRAY['too long'], ARRAY['too_long'], ARRAY['city'], \(cells))
                """
            ])
        }

        self.firm = firm
        words =
            [
                "first", "last", "maiden", "mail", "title", "source", "street", "city", "external", "tag", "badge", "twin", "leadsource",
                "leadbadge", "leadtag", "subject", "body", "memo", "task", "taskbody", "flat", "chief", "mailsubject", "filecity",
                "callsubject", "dealtalk", "dealnote", "dealtask", "duesubject", "flatsubject", "rejectcity", "contactfile", "leadfile",
                "talkfile", "taskfile", "dealfile",
            ].map(word) + ["9081726", "5550000"]
    }

    /// Uploads a file of contacts; answers the import's id.
    private static func upload(_ firm: MergeFirm, _ rows: [[String]]) async throws -> String {
        let id = try await RightsFirm.id(of: firm.admin.post("/v1/imports", ["type": "contacts", "mode": "create"]))
        let text = rows.map { $0.map { "\"\($0.replacing("\"", with: "\"\""))\"" }.joined(separator: ",") }.joined(separator: "\r\n")
        let answer = try await firm.admin.send(.put, "/v1/imports/\(id)/content", text, type: "text/csv")
        guard answer.status == 200 else { throw Unexpected(answer) }
        return id
    }

    /// The words that stand somewhere in the tenant's schema or in the cell's.
    func found() async throws -> [String] {
        let scope = try await firm.firm.scope()
        let dump = try await SchemaDump.text(of: scope, in: firm.firm.site.installation).lowercased()
        return words.filter { dump.contains($0.lowercased()) }
    }
}
