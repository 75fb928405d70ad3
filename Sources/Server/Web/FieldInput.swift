import CRM
import Records

/// One field of a form with its label, and with what was wrong with it.
struct FieldInput: Sendable {
    private let field: FieldDefinition
    private let type: RecordType
    private let visit: Visit
    private let given: [String: String]
    private let errors: [Problem.FieldError]

    init(_ field: FieldDefinition, _ type: RecordType, _ visit: Visit, _ given: [String: String], errors: [Problem.FieldError]) {
        self.field = field
        self.type = type
        self.visit = visit
        self.given = given
        self.errors = errors.filter { $0.pointer == field.pointer || $0.pointer.hasPrefix(field.pointer + "/") }
    }

    private var label: String { visit.label(field, of: type) }
    private var name: String { field.path }

    func markup() async throws -> HTML {
        switch field.kind {
        case .flag:
            return wrapped(
                """
                <label class="check"><input type="hidden" name="\(name).shown" value="1"><input type="checkbox" name="\(name)" \
                value="true"\("checked", when: given[name] != nil)> \(label)</label>
                """)
        case .money:
            let currency = given["\(name).currency"] ?? visit.settings["currency"]?.string ?? "EUR"
            return group([
                input("\(name).amount", visit.words("value.amount"), "inputmode=\"decimal\""),
                input("\(name).currency", visit.words("value.currency"), "maxlength=\"3\"", value: currency),
            ])
        case .address:
            return group(Address.parts.map { input("\(name).\($0.name)", visit.words("address.\($0.name)")) })
        case .localTime:
            return group([
                input("\(name).local", visit.words("value.time"), "type=\"datetime-local\""),
                input("\(name).time_zone", visit.words("field.time_zone"), value: given["\(name).time_zone"] ?? visit.timeZone),
            ])
        case .record:
            guard let target = given["\(name).type"], let id = given["\(name).id"] else { return "" }
            return
                "<input type=\"hidden\" name=\"\(name).type\" value=\"\(target)\"><input type=\"hidden\" name=\"\(name).id\" value=\"\(id)\">"
        case .choice(let options): return select(options.map { ($0, visit.option($0, of: field, type)) })
        case .reference(let target): return select(try await candidates(target))
        case .text(let maximum) where maximum > 500:
            return labelled("<textarea id=\"\(name)\" name=\"\(name)\" rows=\"5\"\(state)>\(given[name] ?? "")</textarea>")
        case .date: return labelled(control(name, "type=\"date\""))
        case .time: return labelled(control(name, "type=\"datetime-local\""))
        case .email: return labelled(control(name, "type=\"email\""))
        case .phone: return labelled(control(name, "type=\"tel\""))
        case .integer: return labelled(control(name, "inputmode=\"numeric\""))
        case .secret: return labelled(control(name, "type=\"password\" autocomplete=\"new-password\"", value: ""))
        default: return labelled(control(name, ""))
        }
    }

    /// Those that a person may choose from without scripts: the first two hundred by name, and the one that is chosen.
    private func candidates(_ target: String) async throws -> [(String, String)] {
        let person = visit.person
        if target == "stages" { return try await stages() }
        guard let found = person.catalog[target], person.rights[target].read != .none else { return [] }
        let titles = found.titleFields.filter { !person.rights.isHidden($0.path, of: target) }
        let sort = titles.first.map { "\($0.path)" } ?? "created_at"
        let body: JSON = ["fields": JSON(titles.map(\.path)), "limit": 200, "sort": .string(sort)]
        let request = try ListRequest(body: body, of: found, in: person.catalog, for: person.caller)
        let list = try JSON(parsing: try await person.store(found).list(request).body)
        var options = (list["data"]?.elements ?? []).map { ($0["id"]?.string ?? "", RecordTitle.of($0, found, visit)) }
        if let chosen = given[name], !chosen.isEmpty, !options.contains(where: { $0.0 == chosen }) {
            options.insert((chosen, chosen), at: 0)
        }
        return options
    }

    private func stages() async throws -> [(String, String)] {
        let person = visit.person
        guard let pipelines = person.catalog["pipelines"], person.rights["pipelines"].read != .none else { return [] }
        let request = try ListRequest(body: ["limit": 200, "sort": "created_at"], of: pipelines, in: person.catalog, for: person.caller)
        let list = try JSON(parsing: try await person.store(pipelines).list(request).body)
        return (list["data"]?.elements ?? []).flatMap { pipeline in
            (pipeline["stages"]?.elements ?? []).map { stage in
                (stage["id"]?.string ?? "", "\(pipeline["name"]?.string ?? ""): \(stage["name"]?.string ?? "")")
            }
        }
    }

    private func select(_ options: [(String, String)]) -> HTML {
        let chosen = given[name] ?? ""
        let items = options.map { value, text -> HTML in "<option value=\"\(value)\"\("selected", when: value == chosen)>\(text)</option>" }
        return labelled("<select id=\"\(name)\" name=\"\(name)\"\(state)><option value=\"\"></option>\(items)</select>")
    }

    private func control(_ name: String, _ attributes: HTML, value: String? = nil) -> HTML {
        "<input id=\"\(name)\" name=\"\(name)\" value=\"\(value ?? given[name] ?? "")\" \(attributes)\(state)>"
    }

    private func input(_ name: String, _ label: String, _ attributes: HTML = "", value: String? = nil) -> HTML {
        "<label>\(label)\(control(name, attributes, value: value))</label>"
    }

    private var state: HTML {
        "\("required", when: field.isRequired && !field.isFilled)\("aria-invalid=\"true\"", when: !errors.isEmpty)"
    }

    private func labelled(_ control: HTML) -> HTML {
        let needed: HTML? = field.isRequired ? " class=\"needed\"" : nil
        return wrapped("<label for=\"\(name)\"\(needed)>\(label)</label>\(control)")
    }

    private func group(_ parts: [HTML]) -> HTML {
        wrapped("<fieldset><legend>\(label)</legend><div class=\"row\">\(parts)</div></fieldset>")
    }

    private func wrapped(_ content: HTML) -> HTML {
        let complaints = errors.map {
            "<span class=\"error\">\(visit.words.refusal($0, kind: TypeDocument.kind(field.kind)))</span>" as HTML
        }
        return "<div class=\"field\">\(content)\(complaints)</div>\n"
    }
}
