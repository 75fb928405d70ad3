/// What plans limit, by the names that plans, refusals and `GET /v1/usage` use for it.
package enum Resource {
    /// Active and invited people.
    package static let users = "users"
    /// Records of all types outside the trash.
    package static let records = "records"
    package static let customFields = "custom_fields"
    package static let customObjects = "custom_objects"
    package static let apiKeys = "api_keys"
    /// Bytes of files on records.
    package static let storage = "storage_bytes"
    package static let emails = "emails_per_month"

    package static let activeReminders = "active_reminders"

    /// All but the record types, whose names each tenant knows.
    package static let all = [
        users, records, customFields, customObjects, apiKeys, "import_rows", storage, emails, activeReminders,
    ]

    /// Records of one type outside the trash.
    package static func records(of type: String) -> String { "\(records).\(type)" }

    /// The type of `records.<type>`; nil for every other resource.
    package static func type(of resource: String) -> String? {
        resource.hasPrefix(records + ".") ? String(resource.dropFirst(records.count + 1)) : nil
    }
}
