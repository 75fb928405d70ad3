import Foundation
import Records
import Recurrence

/// Shows the values of records as their reader is used to see them: dates in the own zone, figures with the own separators, links to what is
/// referred to.
struct ValueMarkup: Sendable {
    private let visit: Visit
    private let locale: Locale
    private let zone: TimeZone

    init(_ visit: Visit) {
        self.visit = visit
        locale = Locale(identifier: visit.locale)
        zone = TimeZone(identifier: visit.timeZone) ?? .gmt
    }

    func cell(_ field: FieldDefinition, of record: JSON, _ type: RecordType) -> HTML {
        let value = (field.isCustom ? record["custom"]?[field.name] : record[field.name]) ?? .null
        if let name = field.includeName, let target = field.target, let included = record[field.isCustom ? "custom.\(field.name)" : name] {
            return reference(included, target)
        }
        return markup(value, field, type)
    }

    private func reference(_ record: JSON, _ target: String) -> HTML {
        guard let id = record["id"]?.string, let type = visit.person.catalog[target] else { return "" }
        let title = RecordTitle.of(record, type, visit)
        return type.standing == .furniture ? "\(title)" : "<a href=\"/\(target)/\(id)\">\(title)</a>"
    }

    func markup(_ value: JSON, _ field: FieldDefinition, _ type: RecordType) -> HTML {
        guard !value.isNull else { return "" }
        switch field.kind {
        case .choice: return "\(visit.option(value.string ?? "", of: field, type))"
        case .choices:
            return "\((value.elements ?? []).compactMap(\.string).map { visit.option($0, of: field, type) }.joined(separator: ", "))"
        case .flag: return "\(visit.words(value.bool == true ? "value.yes" : "value.no"))"
        case .email:
            let text = value.string ?? ""
            return "<a href=\"mailto:\(text)\">\(text)</a>"
        case .phone:
            let text = value.string ?? ""
            return "<a href=\"tel:\(text.filter { $0.isNumber || $0 == "+" })\">\(text)</a>"
        case .website:
            let text = value.string ?? ""
            guard text.hasPrefix("https://") || text.hasPrefix("http://") else { return "\(text)" }
            return "<a href=\"\(text)\" rel=\"noopener noreferrer\">\(text)</a>"
        case .money: return "\(money(value))"
        case .date: return "\(date(value.string ?? ""))"
        case .time: return time(value.string ?? "")
        case .localTime: return "\((value["local"]?.string ?? "").replacing("T", with: " ")) \(value["time_zone"]?.string ?? "")"
        case .tags, .references, .integers:
            return "\((value.elements ?? []).map { $0.string ?? $0.text }.joined(separator: ", "))"
        case .address:
            let parts = ["street", "postal_code", "city", "region", "country"].compactMap { value[$0]?.string }
            return "\(parts.joined(separator: ", "))"
        case .record: return record(value)
        case .actor, .document, .computed: return "\(value.string ?? "")"
        default: return "\(value.string ?? value.text)"
        }
    }

    private func record(_ value: JSON) -> HTML {
        guard let name = value["type"]?.string, let type = visit.person.catalog[name] else { return "" }
        guard let id = value["id"]?.string else { return "\(visit.plural(type))" }
        return "<a href=\"/\(name)/\(id)\">\(visit.singular(type))</a>"
    }

    private func money(_ value: JSON) -> String {
        guard let amount = value["amount"]?.string, let currency = value["currency"]?.string, let number = Decimal(string: amount) else {
            return ""
        }
        return number.formatted(.currency(code: currency).locale(locale))
    }

    private func date(_ text: String) -> String {
        guard let day = try? Date.ISO8601FormatStyle().year().month().day().parse(text) else { return text }  // Shown as it stands.
        return day.formatted(Date.FormatStyle(date: .abbreviated, time: .omitted, locale: locale, timeZone: .gmt))
    }

    private func time(_ text: String) -> HTML {
        guard let instant = try? Date.ISO8601FormatStyle(includingFractionalSeconds: text.contains(".")).parse(text) else {
            return "\(text)"
        }
        let shown = instant.formatted(Date.FormatStyle(date: .abbreviated, time: .shortened, locale: locale, timeZone: zone))
        return "<time datetime=\"\(text)\">\(shown)</time>"
    }
}
