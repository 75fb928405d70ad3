import Foundation
import Postgres
import Records
import Recurrence
import Tenancy

/// Something that people are told of by mail when its time comes: at a time, before or after a date of a record, once or again and again.
package enum Reminders {
    package static let about = Field.recordOrType("about", "The record it is about; without `id` every record of the type.")
    package static let moment = Field.document(
        "when", schema: ReminderMoment.schema, column: "moment",
        "A local time with its zone, or minutes from a date or time field of what it is about; a date counts from `reminder_defaults.at`."
    ).required
    package static let rule = Field.text(
        "rrule", max: 1000, "How it comes again, as iCalendar writes it without `RRULE:`; the first time is `when` if the rule has it.")
    package static let exceptions = Field.document(
        "exdate", schema: LocalTimes.schema, empty: [], "Local times of the rule that are left out."
    ).filled
    package static let recipients = Field.document(
        "recipients", schema: ReminderRecipient.schema, empty: [],
        "Who is told: users, contacts, addresses, the record's `owner` or, where it has an address, the record itself (`self`)."
    ).required
    package static let template = Field.reference("template_id", to: "templates", "Whose words the mail has; else subject and body.")
    package static let subject = Field.text("subject", "The mail's subject; may name what a template may.")
    package static let body = Field.text("body", max: 20_000, "The mail's words; may name what a template may.")
    package static let active = Field.flag("active", "Whether it reminds.")

    package static let type = RecordType(
        "reminders", singular: "reminder", fields: [about, moment, rule, exceptions, recipients, template, subject, body, active],
        standing: .furniture, isSearchable: false
    ) { rules in
        rules.refusals = [
            "reminders_words_required": .invalid([.init("/subject", .required, "A reminder has a template, or a subject of its own.")])
        ]
        rules.refusing = ReminderRecipient.refusal
        rules.locking = { $0.draft.before }
        rules.preparing = { draft, change throws(Problem) in try await prepare(&draft, change) }
        rules.saving = { change throws(Problem) in counting(change) }
    }

    /// What a plan's `active_reminders` limits.
    package static let counted: SQL = "reminders WHERE deleted_at IS NULL AND active"

    private static func counting(_ change: RecordType.Change) -> [SQL] {
        guard change.action != .update || change[active] != nil else { return [] }
        return Usage.recounted(Resource.activeReminders, of: counted, change.scope.entitlements)
    }

    private static func prepare(_ draft: inout Draft, _ change: RecordType.Change) async throws(Problem) {
        guard change.action == .create || change.action == .update else { return }
        var errors = ReminderWords.faults(subject: change[subject] ?? nil, body: change[body] ?? nil, in: change.catalog)
        if case .some(.some(let text)) = change[rule] { errors += RuleText.errors(text) }
        if let given = change[exceptions] { errors += LocalTimes.errors(given, at: "/exdate") }
        // What stands beside what is given decides too: a field is one of the type it is about.
        let isRead = change.action == .update && (change[moment] != nil || change.draft.inputs["about"] != nil || change[recipients] != nil)
        let stored = isRead ? try await Stored(change) : Stored()
        let aboutType = change.draft.inputs["about"].map { $0["type"]?.string } ?? stored.aboutType
        if case .some(.some(let name)) = change.draft.inputs["about"].map({ $0["type"]?.string }),
            change.catalog[name]?.isSubject != true
        {
            errors.append(.init("/about/type", .reference, "There is no such record type, or reminders are not about it."))
        }
        let type = aboutType.flatMap { change.catalog[$0] }
        let given = change[moment]
        if let document = given ?? stored.moment, errors.isEmpty || given != nil {
            let place = given == nil ? "/about" : "/when"
            errors += ReminderMoment.errors(document, of: type, for: change.caller, at: place)
        }
        if let given = change[recipients] ?? stored.recipients {
            let found = ReminderRecipient.errors(given, of: type)
            errors += change[recipients] == nil ? found.map { .init("/about", $0.code, $0.detail) } : found
        }
        guard errors.isEmpty else { throw .invalid(errors) }
        if let given = change[recipients] {
            draft.before += ReminderRecipient.guards(given, for: change.caller, in: change.catalog)
        }
    }

    /// What a patch leaves as it is and is yet judged by.
    private struct Stored {
        var aboutType: String?
        var moment: JSON?
        var recipients: JSON?

        init() {}

        init(_ change: RecordType.Change) async throws(Problem) {
            let found: SQL =
                "SELECT r.about_type, r.moment::text, r.recipients::text FROM reminders AS r WHERE r.id = \(change.id)::uuid AND "
            do {
                guard let row = try await change.scope.rows(found + change.caller.readable(Reminders.type)).first else {
                    throw Problem.notFound
                }
                aboutType = row.optionalText(0)
                moment = try JSON(parsing: row.text(1))
                recipients = try JSON(parsing: row.text(2))
            } catch let problem as Problem {
                throw problem
            } catch {
                throw Problem(.overloaded, "The reminder could not be read; try again.", retryAfter: 1)
            }
        }
    }
}
