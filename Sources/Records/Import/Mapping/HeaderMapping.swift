import Foundation

/// Which field each column of a file most likely means, by its name.
package struct HeaderMapping: Sendable {
    /// By normalised name: the path of a field.
    private let known: [String: String]

    /// - Parameter words: by path, what people and programs call it, in any language.
    init(of type: RecordType, for caller: Caller, words: [String: [String]]) {
        var known: [String: String] = [:]
        // The field's own name counts more than a word for another.
        let targets = type.importTargets(for: caller)
        for target in targets { known[Self.normal(target.path)] = target.path }
        for target in targets {
            var names = words[target.path] ?? []
            if let part = target.part, case .address = target.field.kind { names.append(part) }
            if target.field.isCustom { names.append(target.field.name) }
            if let include = target.field.includeName { names.append(include) }
            // The label that the tenant has given it.
            if target.part == nil, target.field.isCustom || type.isOfTenant { names.append(target.field.help) }
            for name in names where known[Self.normal(name)] == nil { known[Self.normal(name)] = target.path }
        }
        self.known = known
    }

    /// Header to path, for columns whose name says something; each field once.
    func proposal(for columns: [String]) -> JSON {
        var taken: Set<String> = []
        return .object(
            columns.compactMap { column in
                guard let path = known[Self.normal(column)], taken.insert(path).inserted else { return nil }
                return .init(column, .string(path))
            })
    }

    /// Without what programs write differently: case, accents, signs, `*` for what must be filled in.
    static func normal(_ name: String) -> String {
        let folded = name.folding(options: [.caseInsensitive, .diacriticInsensitive, .widthInsensitive], locale: nil)
        return String(folded.unicodeScalars.filter { $0.properties.isAlphabetic || $0.properties.numericType != nil })
    }
}
