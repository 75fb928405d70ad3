import Foundation

/// Which field each column of a file most likely means, by its name.
package struct HeaderMapping: Sendable {
    /// What columns may become.
    private let paths: Set<String>
    /// By normalised name: the path of the field whose own name it is.
    private let names: [String: String]
    /// By normalised word: the path of the field that people and programs call so, in any language.
    private let words: [String: String]
    /// What the columns of an export are called.
    private let exported: Set<String>

    /// - Parameter said: by path, what people and programs call it, in any language.
    init(of type: RecordType, for caller: Caller, words said: [String: [String]]) {
        let targets = type.importTargets(for: caller)
        var (names, words) = ([String: String](), [String: String]())
        for target in targets { names[Self.normal(target.path)] = target.path }
        for target in targets {
            var called = said[target.path] ?? []
            if let part = target.part, case .address = target.field.kind { called.append(part) }
            if target.field.isCustom { called.append(target.field.name) }
            if let include = target.field.includeName { called.append(include) }
            // The label that the tenant has given it.
            if target.part == nil, target.field.isCustom || type.isOfTenant { called.append(target.field.help) }
            for word in called.map(Self.normal) where names[word] == nil && words[word] == nil { words[word] = target.path }
        }
        paths = Set(targets.map(\.path))
        (self.names, self.words) = (names, words)
        exported = Set(type.fields.flatMap { $0.csvColumns(.plain) }.map(\.name))
    }

    /// Header to path, for columns whose name says something; each field once. A field's own name counts more than a word for it, wherever
    /// in the file it stands.
    func proposal(for form: CSVForm) -> JSON {
        let columns = form.columns
        // An export of ours: words mean nothing.
        let isExport = columns.allSatisfy(exported.contains)
        let ways: [(String) -> String?] = [
            { paths.contains($0) ? $0 : nil }, { names[Self.normal($0)] }, { isExport ? nil : words[Self.normal($0)] },
            { isExport && $0 == CommonFields.id.name ? meaningOfID(form.samples(of: $0)) : nil },
        ]
        var (found, taken) = ([String: String](), Set<String>())
        for way in ways {
            for column in columns where found[column] == nil {
                if let path = way(column), taken.insert(path).inserted { found[column] = path }
            }
        }
        return .object(columns.compactMap { column in found[column].map { JSON.Member(column, .string($0)) } })
    }

    /// What a column `id` is where all columns are called as in an export: the record's own id, or another system's where it holds no ids of ours.
    private func meaningOfID(_ cells: [String]) -> String? {
        guard !cells.isEmpty else { return nil }
        let isOurs = cells.allSatisfy { UUID(text: $0) != nil }
        return isOurs ? CommonFields.id.name : words[Self.normal(CommonFields.id.name)]
    }

    /// Without what programs write differently: case, accents, signs, `*` for what must be filled in.
    static func normal(_ name: String) -> String {
        let folded = name.folding(options: [.caseInsensitive, .diacriticInsensitive, .widthInsensitive], locale: nil)
        return String(folded.unicodeScalars.filter { $0.properties.isAlphabetic || $0.properties.numericType != nil })
    }
}
