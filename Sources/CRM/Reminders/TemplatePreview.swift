import Foundation
import Mail
import Postgres
import Records
import Recurrence
import Tenancy

/// A template as its mail would be now, about a record and to whoever asks.
package struct TemplatePreview: Sendable {
    private let scope: TenantScope
    private let caller: Caller
    private let catalog: Catalog

    package init(in scope: TenantScope, for caller: Caller, of catalog: Catalog) {
        self.scope = scope
        self.caller = caller
        self.catalog = catalog
    }

    /// `{"subject","html","text"}`. Refuses with `.notFound` a template, with `.invalid` a record that is not there for the caller.
    package func answer(_ id: UUID, _ body: JSON, origin: String, now: Date) async throws -> JSON {
        for member in body.members ?? [] where member.name != "about" {
            throw Problem.invalid([.init("/\(member.name.pointerToken)", .unknown, "A preview takes about.")])
        }
        let words = try await words(of: id, about: body["about"] ?? .null, origin: origin, now: now)
        let content = words.template.render(words.values, in: words.frame)
        return ["subject": .string(content.subject), "html": .string(content.html), "text": .string(content.text)]
    }

    /// A template with everything that it speaks of, for the caller.
    struct Words: Sendable {
        let template: Template
        let values: [String: TemplateValue]
        let frame: MailFrame
    }

    /// Refuses as `answer` does, and with `.conflict` a template that cannot be read any more.
    func words(of id: UUID, about: JSON, origin: String, now: Date) async throws -> Words {
        let templates = catalog[Templates.type.name] ?? Templates.type
        let rows = try await scope.rows(
            "SELECT r.subject, r.body, r.locale, \(ReminderDefaults.column), (SELECT name FROM users WHERE id = \(caller.userID)), "
                + "(SELECT time_zone FROM users WHERE id = \(caller.userID)) FROM templates AS r WHERE r.id = \(id) AND r.deleted_at IS NULL AND "
                + caller.readable(templates))
        guard let row = rows.first else { throw Problem.notFound }
        let about = try await record(about)
        let settings = try SettingsDocument(parsing: row.optionalText(3) ?? "{}")
        let name = row.optionalText(4) ?? ""
        let zone = row.optionalText(5).flatMap { TimeZoneName.isKnown($0) ? $0 : nil } ?? ReminderDefaults(settings).timeZone
        let values = ReminderValues.all(
            record: about, link: about.map { "\(origin)/\($0.type)/\($0.id)" } ?? origin, recipient: name,
            tenant: settings["name"].string ?? scope.tenant.name, sender: name, local: LocalTime.text(of: now, in: zone) ?? "", zone: zone)
        let template: Template
        do {
            template = try Template(TemplateSource(subject: try row.text(0), body: try row.text(1)))
        } catch {
            throw Problem(.conflict, "The template cannot be read: \(error). Save it anew.")
        }
        let frame = MailFrame(
            brand: Brand(settings, of: scope.tenant, scope.entitlements),
            language: MailLanguage(closestTo: row.optionalText(2) ?? settings["locale"].string ?? "en"))
        return Words(template: template, values: values, frame: frame)
    }

    private func record(_ about: JSON) async throws -> (type: String, id: String, title: String, state: JSON)? {
        if about.isNull { return nil }
        guard let members = about.members else { throw Problem.invalid([.init("/about", .type, "This is an object, not \(about.kind).")]) }
        if let other = members.first(where: { $0.name != "type" && $0.name != "id" }) {
            throw Problem.invalid([.init("/about/\(other.name.pointerToken)", .unknown, "A record is named by its type and id.")])
        }
        guard let type = about["type"]?.string.flatMap({ catalog[$0] }), type.standing != .furniture else {
            throw Problem.invalid([.init("/about/type", .reference, "There is no such record type, or reminders are not about it.")])
        }
        let missing = Problem.invalid([.init("/about/id", .reference, "There is no such record.")])
        guard let id = about["id"]?.string.flatMap(UUID.init(text:)) else { throw missing }
        let rows = try await scope.rows(
            SQL(code: "SELECT \(type.title("r", for: caller)), \(type.loggedJSON("r"))::text FROM \(type.table) AS r WHERE r.id = ")
                + "\(id) AND r.deleted_at IS NULL AND " + caller.readable(type))
        guard let row = rows.first else { throw missing }
        let state = try JSON(parsing: row.text(1))
        // What the caller does not see is not in a preview either.
        let seen = (state.members ?? []).filter { !caller.rights.isHidden($0.name, of: type.name) }
        return (type.name, id.text, try row.text(0), .object(seen))
    }
}
