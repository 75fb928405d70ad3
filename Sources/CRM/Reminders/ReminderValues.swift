import Mail
import Records

/// What a reminder's words find under the names that `ReminderWords` knows.
enum ReminderValues {
    static func all(
        record: (type: String, id: String, title: String, state: JSON)?, link: String, recipient: String, tenant: String, sender: String,
        local: String, zone: String
    ) -> [String: TemplateValue] {
        var fields: [String: TemplateValue] = [:]
        var custom: [String: TemplateValue] = [:]
        for member in record?.state.members ?? [] {
            guard let value = value(member.value) else { continue }
            if member.name.hasPrefix("custom.") {
                custom[String(member.name.dropFirst(7))] = value
            } else {
                fields[member.name] = value
            }
        }
        if let record {
            fields["id"] = .text(record.id)
            fields["type"] = .text(record.type)
            fields["title"] = .text(record.title)
            fields["link"] = .text(link)
        }
        fields["custom"] = .group(custom)
        let parts = local.split(separator: "T").map(String.init)
        return [
            "record": .group(fields), "recipient": ["name": .text(recipient)], "tenant": ["name": .text(tenant)],
            "sender": ["name": .text(sender)],
            "due": ["local": .text(local), "date": .text(parts.first ?? ""), "time": .text(parts.last ?? ""), "time_zone": .text(zone)],
        ]
    }

    private static func value(_ json: JSON) -> TemplateValue? {
        switch json {
        case .null: nil
        case .string(let text): .text(text)
        case .array(let elements): .list(elements.compactMap(value))
        case .object(let members): .group(Dictionary(members.compactMap { member in value(member.value).map { (member.name, $0) } }) { $1 })
        default: .text(json.text)
        }
    }
}
