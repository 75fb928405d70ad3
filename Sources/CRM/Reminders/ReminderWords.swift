import Mail
import Records

/// What the words of a reminder may speak of, and whether they do.
enum ReminderWords {
    /// The variables of every template: fields of any type, since a template serves reminders about all of them.
    static func variables(_ catalog: Catalog) -> [String: TemplateVariable] {
        var fields: [String: TemplateVariable] = ["id": .text, "type": .text, "title": .text, "link": .link]
        var custom: [String: TemplateVariable] = [:]
        for type in catalog.types where type.standing != .furniture {
            for field in type.ownFields {
                guard let variable = variable(field) else { continue }
                fields[field.name] = variable
            }
            for field in type.customFields where variable(field) != nil { custom[field.name] = .text }
        }
        fields["custom"] = .group(custom)
        return [
            "record": .group(fields), "recipient": .group(["name": .text]), "tenant": .group(["name": .text]),
            "sender": .group(["name": .text]),
            "due": .group(["local": .text, "date": .text, "time": .text, "time_zone": .text]),
        ]
    }

    private static func variable(_ field: FieldDefinition) -> TemplateVariable? {
        switch field.kind {
        case .address: .group(Dictionary(uniqueKeysWithValues: Address.parts.map { ($0.name, .text) }))
        case .money: .group(["amount": .text, "currency": .text])
        case .localTime: .group(["local": .text, "time_zone": .text])
        case .choices, .tags: .texts
        case .references, .record, .document, .secret, .computed, .custom, .actor, .integers: nil
        default: .text
        }
    }

    /// What is wrong with words that a body brings; a part that it does not bring is not looked at.
    static func faults(subject: String?, body: String?, in catalog: Catalog) -> [Problem.FieldError] {
        do throws(TemplateFault) {
            let template = try Template(TemplateSource(subject: subject ?? "-", body: body ?? ""))
            return template.check(allowing: variables(catalog)).map(error)
        } catch {
            return [Self.error(error)]
        }
    }

    private static func error(_ fault: TemplateFault) -> Problem.FieldError {
        .init("/\(fault.part.rawValue)", .format, "Line \(fault.line), column \(fault.column): \(fault.text)")
    }
}
