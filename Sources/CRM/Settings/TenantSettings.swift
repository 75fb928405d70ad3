import Records
import Tenancy

/// Everything that a tenant decides for itself, said once: checks, the answer, the OpenAPI description and the history follow from this list.
package enum TenantSettings {
    package static let keys: [SettingKey] = [
        SettingKey("name", .line(), default: .accountName, "What the firm is called in pages and mails."),
        SettingKey(
            "locale", .text(.language), default: "en",
            "Language and region of pages, mails and CSV files (BCP 47), unless a user has another."),
        SettingKey("time_zone", .text(.timeZone), default: "UTC", "Zone in which the firm's days begin (IANA), unless a user has another."),
        SettingKey("currency", .text(.currency), default: "EUR", "Currency of sums over several currencies (ISO 4217)."),
        SettingKey(
            "rates", .list(of: .entry(rate), max: 2000), default: [], "What one unit of a currency is worth in another, from a day on."),
        SettingKey("fiscal_year_start", .text(.monthDay), default: "01-01", "Month and day on which the fiscal year begins."),
        SettingKey("week_start", .choice(weekdays), default: "monday", "The first day of a week in calendars."),
        SettingKey.group("business_hours", businessHours, "When the firm is at work, for each day of the week."),
        SettingKey("holidays", .list(of: .text(.date), max: 1000), default: [], "Days on which the firm is closed."),
        SettingKey.group("brand", brand, "How mails and public pages look.").with(.ownBrand),
        SettingKey.group("mail", mail, "From whom mails come, and through which server they leave."),
        SettingKey.group("quiet_hours", quietHours, "When nobody is reminded; may reach over midnight. Unset: never."),
        SettingKey.group("reminder_defaults", reminderDefaults, "For reminders that count from a date or time of a record."),
        SettingKey.group("security", security, "Who gets in, and how carefully changes are made."),
        SettingKey.group("retention", retention, "How long things are kept."),
    ]

    /// What holds, by a dotted name, where nothing was decided.
    package static func standard(_ name: String) -> JSON { SettingsDocument()[name] }

    /// What the plan must allow, by the dotted names of the groups that need it.
    static let features: [(path: String, feature: Feature)] = {
        func features(_ keys: [SettingKey], _ prefix: String) -> [(path: String, feature: Feature)] {
            keys.flatMap { key -> [(path: String, feature: Feature)] in
                let path = prefix + key.name
                let own = key.feature.map { [(path, $0)] } ?? []
                guard case .group(let inner) = key.kind else { return own }
                return own + features(inner, path + ".")
            }
        }
        return features(keys, "")
    }()

    package static let weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

    private static let rate: [SettingKey] = [
        SettingKey("from", .text(.currency), "The currency that is converted."),
        SettingKey("to", .text(.currency), "The currency that comes out."),
        SettingKey("rate", .text(.rate), "How many units of `to` one unit of `from` is worth: a decimal above zero."),
        SettingKey("date", .text(.date), "The first day on which it holds."),
    ]

    private static let hours: [SettingKey] = [
        SettingKey("from", .text(.time), "When work begins."),
        SettingKey("to", .text(.time), "When work ends, later on the same day."),
    ]

    private static let businessHours: [SettingKey] = weekdays.map { day in
        let isWeekend = day == "saturday" || day == "sunday"
        return SettingKey(
            day, .list(of: .entry(hours), max: 10), default: .value(isWeekend ? [] : [["from": "09:00", "to": "17:00"]]),
            "Hours of work, in the order of the day.")
    }

    private static let brand: [SettingKey] = [
        SettingKey("name", .line(), "The name to show where it differs from the firm's."),
        SettingKey("logo", .text(.webAddress), "Where a logo is on the web, for pages and mails without one at /v1/settings/logo."),
        SettingKey("colour", .text(.colour), "The leading colour."),
    ]

    private static let mail: [SettingKey] = [
        SettingKey("from_name", .line(), "The sender's name."),
        SettingKey("from_address", .line(.email), "The sender's address."),
        SettingKey("reply_to", .line(.email), "Where answers go."),
        SettingKey.group("smtp", smtp, "The firm's own mail server; without a host the installation's sends.")
            .forAdministrators.with(.ownMailServer),
    ]

    private static let smtp: [SettingKey] = [
        SettingKey("host", .host, "Its name or address."),
        SettingKey("port", .integer(1...65535), default: 587, "Its port."),
        SettingKey("security", .choice(["none", "starttls", "tls"]), default: "starttls", "How the connection is protected."),
        SettingKey("username", .line(), "Who signs in there."),
        SettingKey("password", .secret(max: 1000), "With what. Kept encrypted, never shown."),
    ]

    private static let quietHours: [SettingKey] = [
        SettingKey("from", .text(.time), "When they begin."), SettingKey("to", .text(.time), "When they end."),
    ]

    private static let reminderDefaults: [SettingKey] = [
        SettingKey("at", .text(.time), default: "09:00", "The time of day, in the recipient's zone."),
        SettingKey("offset_minutes", .integer(-525_600...525_600), default: 0, "Minutes after that time; negative: before."),
    ]

    private static let security: [SettingKey] = [
        SettingKey("password_min", .integer(12...128), default: 12, "How many characters a new password has at least."),
        SettingKey(
            "session_hours", .integer(1...8760), default: .sessionHours, "How long a person stays signed in, from the next sign-in on."),
        SettingKey(
            "ip_allow", .list(of: .text(.network), max: 200), default: [],
            "The only addresses and networks from which people and API keys get in; empty: from anywhere."),
        SettingKey(
            "export_alarm_rows", .integer(1...1_000_000_000), default: 10_000,
            "An export of more records than this is an alarm: it stands in the account's audit, and administrators get a mail."),
        SettingKey("require_if_match", .flag, default: false, "PATCH and DELETE on records and settings need If-Match (428 otherwise)."),
    ]

    private static let retention: [SettingKey] =
        [
            SettingKey("trash_days", .integer(1...3650), default: 30, "After how many days in the trash a record is deleted for good."),
            SettingKey("audit_days", .integer(30...3650), default: 730, "After how many days an entry of the account's audit is deleted."),
        ] + RetentionRule.all.map { SettingKey($0.setting, .integer(1...36_500), $0.help) } + [
            SettingKey(
                RetentionRule.ownTypes, .list(of: .entry(ownType), max: 200), default: [],
                "How long records of the tenant's own types are kept; of those that are not named: for ever.")
        ]

    private static let ownType: [SettingKey] = [
        SettingKey("type", .text(.typeName), "The type's plural name."),
        SettingKey("days", .integer(1...36_500), "After how many days without a change a record that nothing refers to goes to the trash."),
    ]
}
