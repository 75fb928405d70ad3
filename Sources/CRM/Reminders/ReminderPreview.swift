import Foundation
import Records
import Recurrence
import Tenancy

/// When a reminder would be due that nobody has saved: `when`, `rrule` and `exdate` within a window.
package enum ReminderPreview {
    package static let most = 1_000

    /// Refuses with `.invalid`, as saving would.
    package static func answer(_ body: JSON, in scope: TenantScope) async throws -> JSON {
        var errors: [Problem.FieldError] = []
        for member in body.members ?? [] where !["when", "rrule", "exdate", "from", "to"].contains(member.name) {
            errors.append(.init("/\(member.name.pointerToken)", .unknown, "A preview takes when, rrule, exdate, from and to."))
        }
        func given(_ name: String) -> JSON? { body[name].flatMap { $0.isNull ? nil : $0 } }
        let moment = given("when")
        if let moment {
            if let field = moment["field"], !field.isNull {
                errors.append(.init("/when/field", .unknown, "A preview counts from a local time."))
            } else {
                errors += ReminderMoment.localErrors(in: moment)
            }
        } else {
            errors.append(.init("/when", .required, "This is needed."))
        }
        if let rule = given("rrule") {
            if let text = rule.string {
                errors += RuleText.errors(text)
            } else {
                errors.append(.init("/rrule", .type, "This is a text, not \(rule.kind)."))
            }
        }
        if let exceptions = given("exdate") { errors += LocalTimes.errors(exceptions, at: "/exdate") }
        let from = time(given("from"), "from", &errors)
        let to = time(given("to"), "to", &errors)
        var work: (wait: WorkWait, hours: BusinessHours)?
        if let wait = moment.flatMap({ WorkWait($0) }) { work = (wait, try await ReminderDefaults.of(scope).hours) }
        guard errors.isEmpty, case .local(let start, let zone)? = moment.flatMap({ ReminderMoment($0) }),
            let series = ReminderSeries(
                .wall(start, zone: zone), offset: 0, rule: given("rrule")?.string.flatMap { try? RecurrenceRule($0) },  // looked at above
                except: LocalTimes.read(given("exdate")), in: zone, at: .midnight, on: work)
        else { throw Problem.invalid(errors) }
        let begin = from ?? TenantClock.now(of: scope)
        let end = to ?? begin + 366 * 86_400
        let due = series.due(from: begin).prefix(most).prefix { $0.instant <= end }
        return ["data": .array(due.map { ["due_at": .string($0.instant.apiText), "local": .string($0.local)] })]
    }

    private static func time(_ value: JSON?, _ name: String, _ errors: inout [Problem.FieldError]) -> Date? {
        guard let value else { return nil }
        guard let text = value.string else {
            errors.append(.init("/\(name)", .type, "This is a time, not \(value.kind)."))
            return nil
        }
        guard let time = Date(rfc3339: text) else {
            errors.append(.init("/\(name)", .format, "This is a time with its zone as RFC 3339 writes it: 2026-11-30T09:00:00Z."))
            return nil
        }
        return time
    }
}

extension Date {
    /// Nil for a text of another form.
    package init?(rfc3339 text: String) {
        // What is wrong with it, the caller says.
        guard text.utf8.count < 40, let time = try? Date.ISO8601FormatStyle(includingFractionalSeconds: text.contains(".")).parse(text),
            (-62_135_596_800..<253_402_300_800).contains(time.timeIntervalSince1970)
        else { return nil }
        self = time
    }
}
