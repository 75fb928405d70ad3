import Foundation
import Mail
import Records
import Tenancy

/// An occurrence with everything that decides at the last moment whether and how it is mailed; `ReminderLook` reads it.
struct ReminderMail: Sendable {
    let status: String
    let dueAt: Date
    let local: String
    let zone: String
    let recipient: Recipient
    let reminder: KnownReminder?
    let isOfTask: Bool
    /// Subject, body and language of a tenant's own words.
    let words: (subject: String, body: String?, locale: String?)?
    let about: About?
    let sender: String?
    let settings: SettingsDocument
    let defaults: ReminderDefaults
    let tenant: Tenant
    /// How many active reminders there are before this one.
    let place: Int
    let limit: Int?

    struct Recipient: Sendable {
        let key: String
        var name: String?
        var address: String?
        var zone: String?
        var language: String?
        /// Why nothing goes to them.
        var objection: String?
    }

    struct About: Sendable {
        let type: RecordType
        let id: String
        let title: String
        let state: JSON
        let isTrashed: Bool
        let record: RemindedRecord
    }

    /// Throws where a tenant's words cannot be read.
    func letter(_ id: UUID, origin: String) throws -> Letter {
        let link = about.map { "\(origin)/\($0.type.name)/\($0.id)" } ?? origin
        let tag = words?.locale ?? recipient.language ?? settings["locale"].string ?? "en"
        var letter = Letter(
            id: id, kind: "reminder", to: recipient.address ?? "", name: recipient.name.flatMap { $0.isEmpty ? nil : $0 },
            language: MailLanguage(closestTo: tag), words: try text(link), nature: .business, reader: reader,
            about: about.flatMap { UUID(text: $0.id) })
        letter.name = letter.name.map { String($0.prefix(200)) }
        return letter
    }

    /// As one item of a digest. Throws where a tenant's words cannot be read.
    func line(origin: String) throws -> TemplateValue {
        let link = about.map { "\(origin)/\($0.type.name)/\($0.id)" } ?? origin
        let title: String
        switch try text(link) {
        case .template(let template, let values):
            title = template.render(values, in: MailFrame(brand: Brand(name: ""), language: .english)).subject
        case .system, .content: title = about?.title ?? ""
        }
        let record = about.map(\.title) ?? ""
        return .group([
            "title": .text(title), "due": .text("\(local.replacing("T", with: " ")) (\(zone))"),
            "about": .text(title.contains(record) ? "" : record), "link": .text(link),
        ])
    }

    private func text(_ link: String) throws -> Letter.Words {
        let due = "\(local.replacing("T", with: " ")) (\(zone))"
        guard let words else {
            return .system(
                .reminder,
                [
                    "person": .text(recipient.name ?? ""), "title": .text(about?.title ?? ""), "due": .text(due), "about": "",
                    "notes": .text(about?.state["body"]?.string ?? ""), "link": .text(link),
                ])
        }
        let body =
            words.body
            ?? (about == nil
                ? "{{due.date}} {{due.time}}" : "**{{record.title}}**\n\n{{due.date}} {{due.time}}\n\n[{{record.title}}]({{record.link}})")
        return .template(
            try Template(TemplateSource(subject: words.subject, body: body)),
            ReminderValues.all(
                record: about.map { ($0.type.name, $0.id, $0.title, $0.state) }, link: link, recipient: recipient.name ?? "",
                tenant: settings["name"].string ?? tenant.name, sender: sender ?? "", local: local, zone: zone))
    }

    private var reader: Letter.Reader? {
        let parts = recipient.key.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        let id = UUID(text: String(parts[1]))
        switch parts[0] {
        case "user": return id.map { .user($0) }
        case "contact": return id.map { .contact($0) }
        default: return recipient.address.map { .address($0) }
        }
    }
}
