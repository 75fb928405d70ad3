import Foundation
import Postgres
import Records
import Recurrence
import Tenancy

/// A reminder as it stands, read to find out when it is due and for whom.
struct KnownReminder: Sendable {
    let id: UUID
    let aboutType: String?
    let aboutID: UUID?
    let moment: ReminderMoment
    /// What it waits for when the firm is not at work; nil: it comes all the same.
    let wait: WorkWait?
    let rule: RecurrenceRule?
    let exceptions: Set<CivilMoment>
    let recipients: [ReminderRecipient]
    let isActive: Bool
    let owner: UUID?
    let createdAt: Date

    static let columns: SQL = """
        m.id, m.about_type, m.about_id, m.moment::text, m.rrule, m.exdate::text, m.recipients::text, m.active AND m.deleted_at IS NULL,
        m.owner_id, m.created_at
        """
    static let columnCount = 10

    /// Nil for one that nothing can be read of any more: rules change, and zones too.
    init?(_ row: Row, from column: Int = 0) throws {
        let document = try JSON(parsing: row.text(column + 3))
        guard let moment = ReminderMoment(document) else { return nil }
        wait = WorkWait(document)
        id = try row.uuid(column)
        aboutType = row.optionalText(column + 1)
        aboutID = try row.optionalUUID(column + 2)
        self.moment = moment
        if let text = row.optionalText(column + 4) {
            guard let rule = try? RecurrenceRule(text) else { return nil }  // it was read when it was saved
            self.rule = rule
        } else {
            rule = nil
        }
        exceptions = LocalTimes.read(try JSON(parsing: row.text(column + 5)))
        recipients = ReminderRecipient.read(try JSON(parsing: row.text(column + 6)))
        isActive = try row.bool(column + 7)
        owner = try row.optionalUUID(column + 8)
        createdAt = try row.date(column + 9)
    }

    /// Whether each record of the type has times of its own.
    var isByField: Bool { if case .field = moment { true } else { false } }

    var field: String? { if case .field(let name, _) = moment { name } else { nil } }

    /// The times for a recipient; nil where there are none, because the record's field is empty.
    func series(_ record: RemindedRecord?, in zone: String, _ defaults: ReminderDefaults) -> ReminderSeries? {
        let work = wait.map { (wait: $0, hours: defaults.hours) }
        return switch moment {
        case .local(let moment, let own):
            ReminderSeries(.wall(moment, zone: own), offset: 0, rule: rule, except: exceptions, in: own, at: defaults.at, on: work)
        case .field(_, let offset):
            record?.base.flatMap {
                ReminderSeries($0, offset: offset ?? defaults.offset, rule: rule, except: exceptions, in: zone, at: defaults.at, on: work)
            }
        }
    }
}

/// What a tenant's settings say of reminders.
struct ReminderDefaults: Sendable {
    let at: TimeOfDay
    let offset: Int
    /// Where those are who have set no zone.
    let timeZone: String
    /// When the firm works.
    let hours: BusinessHours

    init(_ settings: SettingsDocument) {
        at = settings["reminder_defaults.at"].string.flatMap { TimeOfDay($0) } ?? .nine
        offset = settings["reminder_defaults.offset_minutes"].integer ?? 0
        hours = settings.businessHours
        timeZone = settings["time_zone"].string.flatMap { TimeZoneName.isKnown($0) ? $0 : nil } ?? "UTC"
    }

    static func of(_ scope: TenantScope) async throws -> ReminderDefaults {
        ReminderDefaults(try SettingsDocument(parsing: try await scope.rows("SELECT \(column)").first?.optionalText(0) ?? "{}"))
    }

    /// The column that `init(_:)` is made from, of `settings`.
    static let column: SQL = "(SELECT document::text FROM settings)"
}

/// A record that reminders are about: what they count from, and whose it is.
struct RemindedRecord: Sendable {
    let id: UUID
    let owner: UUID?
    let base: ReminderSeries.Base?

    /// What is selected of the record `r` for it; nil when the type has no such field any more.
    static func columns(_ field: String?, of type: RecordType) -> SQL? {
        guard let field else { return "r.id, r.owner_id, NULL::text, NULL::timestamptz, NULL::text" }
        guard let definition = type.field(field), definition.isReminded else { return nil }
        let column = definition.column
        return switch definition.kind {
        case .date: SQL(code: "r.id, r.owner_id, r.\(column)::text, NULL::timestamptz, NULL::text")
        case .time: SQL(code: "r.id, r.owner_id, NULL::text, r.\(column), NULL::text")
        default: SQL(code: "r.id, r.owner_id, r.\(column)_local, NULL::timestamptz, r.\(column)_zone")
        }
    }

    init(_ row: Row, from column: Int = 0) throws {
        id = try row.uuid(column)
        owner = try row.optionalUUID(column + 1)
        if let instant = try row.optionalDate(column + 3) {
            base = .instant(instant)
        } else if let text = row.optionalText(column + 2) {
            if let zone = row.optionalText(column + 4) {
                base = CivilMoment(minute: text).map { .wall($0, zone: zone) }
            } else {
                base = CivilDate(text).map { .date($0) }
            }
        } else {
            base = nil
        }
    }
}
