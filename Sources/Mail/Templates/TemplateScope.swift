/// The values that can be seen at a place of a template, the innermost last.
struct TemplateScope {
    private var stack: [TemplateValue]

    init(_ values: [String: TemplateValue]) {
        stack = [.group(values)]
    }

    /// As mustache looks things up: the first part of the name from the inside outwards, the others within it. Nil without a value.
    subscript(name: TemplateName) -> TemplateValue? {
        let path = name.path
        guard let first = path.first else { return stack.last }
        guard var value = stack.reversed().lazy.compactMap({ $0[first] }).first else { return nil }
        for part in path.dropFirst() {
            guard let next = value[part] else { return nil }
            value = next
        }
        return value
    }

    /// What a variable writes.
    func text(_ name: TemplateName) -> String {
        guard case .text(let text) = self[name] else { return "" }
        return text
    }

    /// The scopes in which a section's content appears: one for each item of a list, none when the value is absent.
    func inside(_ name: TemplateName, isInverted: Bool) -> [TemplateScope] {
        let value = self[name]
        let isPresent = value?.isPresent ?? false
        guard !isInverted, let value, isPresent else { return isInverted && !isPresent ? [self] : [] }
        guard case .list(let items) = value else { return [adding(value)] }
        return items.map(adding)
    }

    private func adding(_ value: TemplateValue) -> TemplateScope {
        var scope = self
        scope.stack.append(value)
        return scope
    }
}

extension TemplateValue {
    fileprivate subscript(name: String) -> TemplateValue? {
        guard case .group(let fields) = self else { return nil }
        return fields[name]
    }
}
