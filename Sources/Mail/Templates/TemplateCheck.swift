/// Goes through a template and notes what it may not say.
struct TemplateCheck {
    private(set) var faults: [TemplateFault] = []
    private var scopes: [Scope]
    /// Lists that are being gone through.
    private var open: [String] = []

    private struct Scope {
        /// What `{{.}}` is.
        let itself: TemplateVariable
        let fields: [String: TemplateVariable]
        /// The full name of the place, which tells two lists of one name apart.
        let place: String
    }

    init(_ variables: [String: TemplateVariable]) {
        scopes = [Scope(itself: .group(variables), fields: variables, place: "")]
    }

    mutating func blocks(_ blocks: [TemplateBlock]) {
        for block in blocks {
            switch block {
            case .paragraph(let inline), .heading(let inline), .item(let inline): inlines(inline)
            case .rule: break
            case .section(let name, let isInverted, let blocks): section(name, isInverted) { $0.blocks(blocks) }
            }
        }
    }

    mutating func inlines(_ inlines: [TemplateInline]) {
        for inline in inlines {
            switch inline {
            case .text: break
            case .variable(let name): variable(name)
            case .section(let name, let isInverted, let inner): section(name, isInverted) { $0.inlines(inner) }
            case .strong(let inner): self.inlines(inner)
            case .link(let label, let target, let position):
                self.inlines(label)
                self.target(target, position)
            }
        }
    }

    private mutating func variable(_ name: TemplateName) {
        guard let (found, _) = resolve(name) else { return }
        switch found {
        case .text, .link: break
        case .texts where name.text != ".": refuse(name, "is a list: write {{#\(name.text)}}{{.}}{{/\(name.text)}}.")
        case .list: refuse(name, "is a list: write {{#\(name.text)}}...{{/\(name.text)}}.")
        case .group(let fields):
            refuse(name, "has parts: \(fields.keys.sorted().prefix(8).map { "\(name.text).\($0)" }.joined(separator: ", ")).")
        case .flag: refuse(name, "is only yes or no: write {{#\(name.text)}}...{{/\(name.text)}}.")
        case .texts: break
        }
    }

    private mutating func section(_ name: TemplateName, _ isInverted: Bool, _ body: (inout TemplateCheck) -> Void) {
        guard let (found, place) = resolve(name) else { return }
        guard !isInverted else { return body(&self) }
        let scope: Scope
        switch found {
        case .list(let fields): scope = Scope(itself: found, fields: fields, place: place)
        case .group(let fields): scope = Scope(itself: found, fields: fields, place: place)
        case .texts: scope = Scope(itself: .text, fields: [:], place: place)
        case .text, .link, .flag: scope = Scope(itself: found, fields: [:], place: place)
        }
        // A list within itself would multiply: two hundred items three times over are eight million lines.
        let isList = found.isList
        if isList, open.contains(place) { return refuse(name, "is already being gone through here.") }
        scopes.append(scope)
        if isList { open.append(place) }
        body(&self)
        if isList { open.removeLast() }
        scopes.removeLast()
    }

    /// A link leads to the web or to a mailbox, whatever values it is given.
    private mutating func target(_ target: [TemplateInline], _ position: TemplatePosition) {
        inlines(target)
        switch target.first {
        case .text(let text) where ["https://", "http://", "mailto:"].contains(where: text.lowercased().hasPrefix): break
        case .variable(let name):
            guard let (found, _) = resolve(name, notes: false), found != .link else { return }
            refuse(name, "is no address that a link may lead to.")
        default: faults.append(position.fault("A link leads to an address that begins with https:// or to a variable that is a link."))
        }
    }

    /// As rendering finds it: the first part from the innermost section outwards, the others within it.
    private mutating func resolve(_ name: TemplateName, notes: Bool = true) -> (TemplateVariable, place: String)? {
        guard let first = name.path.first else {
            let scope = scopes[scopes.count - 1]
            return (scope.itself, scope.place + ".")
        }
        guard let scope = scopes.last(where: { $0.fields[first] != nil }), var found = scope.fields[first] else {
            if notes { refuseUnknown(name, near: first, among: scopes.flatMap { $0.fields.keys }) }
            return nil
        }
        var place = scope.place + "/" + first
        for part in name.path.dropFirst() {
            guard case .group(let fields) = found, let next = fields[part] else {
                var known: [String] = []
                if case .group(let fields) = found { known = Array(fields.keys) }
                if notes { refuseUnknown(name, near: part, among: known) }
                return nil
            }
            found = next
            place += "/" + part
        }
        return (found, place)
    }

    private mutating func refuseUnknown(_ name: TemplateName, near part: String, among known: [String]) {
        let nearest = Set(known).map { ($0, EditDistance.between(part, $0)) }.filter { $0.1 <= max(1, part.count / 3) }.min {
            ($0.1, $0.0) < ($1.1, $1.0)
        }
        refuse(name, "is not known here." + (nearest.map { " Did you mean `\($0.0)`?" } ?? ""))
    }

    private mutating func refuse(_ name: TemplateName, _ text: String) {
        faults.append(name.position.fault("`\(name.text)` \(text)"))
    }
}
